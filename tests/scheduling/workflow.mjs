// Reads a workflow as GitHub does; prints its errors, one a line.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

// The parser imports JSON as only bundlers can.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context)
});
const parser = await import('@actions/workflow-parser');

const file = process.argv[2];
const content = readFileSync(file, 'utf8');
const trace = new parser.NoOperationTraceWriter();
const { context, value } = parser.parseWorkflow({ name: file, content }, trace);
if (value) {
  await parser.convertWorkflowTemplate(context, value);
}
for (const error of context.errors.getErrors()) {
  console.log(error.message);
}
