import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['lib', 'node_modules', '**/*.js', '**/*.mjs'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Lumino's `connect(this.slot, this)` binds.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', 300],
      eqeqeq: ['error', 'always', { null: 'ignore' }]
    }
  },
  {
    // Components stay pure: what comes from JupyterLab comes as props.
    files: ['src/components/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@jupyterlab/*', '@lumino/*'], message: 'Take it as a prop.' }] }
      ],
      'max-lines-per-function': ['error', { max: 100 }]
    }
  },
  {
    // What only computes knows neither JupyterLab nor a DOM.
    files: ['src/{chips,history,rows,trust,wire,wording}.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['@jupyterlab/*', '@lumino/*', 'react'] }],
      'no-restricted-globals': ['error', 'document', 'window', 'fetch']
    }
  },
  {
    files: ['src/client.ts', 'src/index.ts', 'src/model.ts', 'src/panel.ts', 'src/commands.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 50, skipComments: true }] }
  },
  { files: ['test/**'], rules: { '@typescript-eslint/no-floating-promises': 'off' } }
);
