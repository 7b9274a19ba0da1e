"""Which global generator of random numbers a piece of code draws from, or seeds, told from its text.

`np.random()` is a draw from numpy's, `np.random=` sets its seed; so for `random` and `torch`. What scikit-learn and
pandas draw without a `random_state` of their own comes from numpy's.

The lists hold what draws by its defaults. What draws only for some data (`PCA` of a large matrix, `HistGradientBoosting`
from 10,000 rows on) is not guessed.
"""

import ast
import re

_SEEDS = re.compile(
    r"(random|(?:np|numpy)\.random|torch)\.(?:cuda\.)?(?:seed|manual_seed|manual_seed_all|setstate|set_state)"
)

_DRAWS = re.compile(
    r"(random|(?:np|numpy)\.random)\.(?!default_rng|get_?state)[a-z]\w*"
    r"|(torch)\.(?:rand\w*|normal|bernoulli|multinomial)"
    r"|(?:torch\.)?(nn)\.(?:Lazy)?(?:Linear|Bilinear|Conv\w+|Embedding\w*|RNN|LSTM|GRU|Multihead|Transformer|\w*Dropout)\w*"
)

_SEED_ALL = frozenset(
    ["seed_everything", "set_seed", "set_random_seed", "set_all_seeds", "seed_all", "fix_seed"]
)
"""What frameworks and project's own modules call the function that seeds every generator."""

_ALL = frozenset(["random=", "np.random=", "torch="])

_NUMPY_DRAWS = frozenset(
    """
    AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor BayesianGaussianMixture BernoulliRBM
    BisectingKMeans DecisionTreeClassifier DecisionTreeRegressor DictionaryLearning EllipticEnvelope
    ExtraTreeClassifier ExtraTreeRegressor ExtraTreesClassifier ExtraTreesRegressor FastICA GaussianMixture
    GaussianRandomProjection GradientBoostingClassifier GradientBoostingRegressor GroupShuffleSplit
    HalvingRandomSearchCV IsolationForest KMeans LatentDirichletAllocation MDS MLPClassifier MLPRegressor
    MiniBatchDictionaryLearning MiniBatchKMeans MiniBatchNMF MiniBatchSparsePCA NeighborhoodComponentsAnalysis
    Nystroem PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron PolynomialCountSketch
    RANSACRegressor RBFSampler RandomForestClassifier RandomForestRegressor RandomTreesEmbedding
    RandomizedSearchCV RepeatedKFold RepeatedStratifiedKFold SGDClassifier SGDRegressor ShuffleSplit
    SkewedChi2Sampler SparsePCA SparseRandomProjection SpectralBiclustering SpectralClustering
    SpectralCoclustering StratifiedShuffleSplit TSNE TargetEncoder TheilSenRegressor TruncatedSVD
    ADASYN BorderlineSMOTE RandomOverSampler RandomUnderSampler SMOTE SMOTENC UMAP
    k_means kmeans_plusplus make_biclusters make_blobs make_checkerboard make_classification make_friedman1
    make_friedman2 make_friedman3 make_gaussian_quantiles make_hastie_10_2 make_low_rank_matrix make_moons
    make_multilabel_classification make_regression make_s_curve make_sparse_coded_signal make_sparse_spd_matrix
    make_sparse_uncorrelated make_spd_matrix make_swiss_roll mutual_info_classif mutual_info_regression
    permutation_importance permutation_test_score train_test_split
    """.split()  # noqa: SIM905 - a hundred quoted words would be a wall
)
"""Draw from numpy's generator unless they are given a `random_state`: scikit-learn, imbalanced-learn, umap."""

_DRAWS_WHEN: dict[str, tuple[str, tuple[object, ...]]] = {
    **dict.fromkeys(["KFold", "StratifiedKFold", "StratifiedGroupKFold"], ("shuffle", (True,))),
    **dict.fromkeys(["learning_curve", "make_circles"], ("shuffle", (True,))),
    **dict.fromkeys(
        ["LogisticRegression", "LogisticRegressionCV"], ("solver", ("sag", "saga", "liblinear"))
    ),
    **dict.fromkeys(["Ridge", "RidgeClassifier"], ("solver", ("sag", "saga"))),
    **dict.fromkeys(["Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"], ("selection", ("random",))),
    **dict.fromkeys(["SVC", "NuSVC"], ("probability", (True,))),
    **dict.fromkeys(["LinearSVC", "LinearSVR"], ("dual", (True,))),
    "PCA": ("svd_solver", ("randomized", "arpack")),
    "KernelPCA": ("eigen_solver", ("randomized", "arpack")),
    "DummyClassifier": ("strategy", ("stratified", "uniform")),
    "HistGradientBoostingClassifier": ("early_stopping", (True,)),
    "HistGradientBoostingRegressor": ("early_stopping", (True,)),
}
"""Draw only when this keyword has one of these values."""

_GIVEN = frozenset(["random_state", "seed", "random_seed", "generator", "rng"])


def generator_used(node: ast.AST) -> set[str]:
    """The generator that an attribute or a call draws from, `np.random()`, or seeds, `np.random=`."""
    if isinstance(node, ast.Attribute):
        return _by_dotted_name(node)
    if isinstance(node, ast.Call):
        return _by_call(node)
    return set()


def imported_generators(statement: ast.ImportFrom) -> dict[str, set[str]]:
    """By name: what calling it draws from or seeds, where `from random import shuffle` says so."""
    module = statement.module or ""
    found: dict[str, set[str]] = {}
    for alias in statement.names:
        used = _by_text(f"{module}.{alias.name}") if module in ("random", "numpy.random") else set()
        if alias.name in _SEED_ALL:
            used = set(_ALL)
        if used:
            found[alias.asname or alias.name] = used
    return found


def unseeded_generator(node: ast.AST) -> bool:
    """Whether a call makes a generator of its own that nobody can seed any more: `default_rng()`."""
    if not isinstance(node, ast.Call):
        return False
    called = _called(node)
    is_maker = called in ("default_rng", "RandomState") or dotted_name(node.func) == "random.Random"
    return is_maker and not _is_given(node, positional=True)


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` as text; nothing where it is no plain name at its root."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _by_dotted_name(node: ast.Attribute) -> set[str]:
    dotted = dotted_name(node)
    if node.attr in _SEED_ALL and not dotted.startswith(("tf.", "tensorflow.")):
        return set(_ALL)
    return _by_text(dotted)


def _by_text(dotted: str) -> set[str]:
    if match := _SEEDS.fullmatch(dotted):
        return {match[1].replace("numpy", "np") + "="}
    if match := _DRAWS.fullmatch(dotted):
        name = match[1] or "torch"
        return {name.replace("numpy", "np") + "()"}
    return set()


def _by_call(node: ast.Call) -> set[str]:
    called, words = _called(node), {word.arg: word.value for word in node.keywords}
    if None in words or _is_given(node):  # what **options hold is not known
        return set()
    if called in _DRAWS_WHEN:
        keyword, values = _DRAWS_WHEN[called]
        return {"np.random()"} if _constant(words.get(keyword)) in values else set()
    if called in _NUMPY_DRAWS:
        is_fixed = called == "train_test_split" and _constant(words.get("shuffle")) is False
        return set() if is_fixed else {"np.random()"}
    if called == "DataLoader" and _constant(words.get("shuffle")) is True:
        return {"torch()"}
    if called == "random_split":
        return {"torch()"}
    return {"np.random()"} if _samples(node, called) else set()


def _samples(node: ast.Call, called: str) -> bool:
    """`frame.sample(n)`, `resample(X, n_samples=9)`, `shuffle(X, y)`: words that others use, too."""
    given = {word.arg for word in node.keywords}
    if called == "sample" and isinstance(node.func, ast.Attribute):
        if dotted_name(node.func).startswith(("random.", "np.", "numpy.")):
            return False
        return bool(given & {"frac", "n"}) or (
            len(node.args) == 1 and type(_constant(node.args[0])) in (int, float)
        )
    is_sklearns = isinstance(node.func, ast.Name) or dotted_name(node.func).endswith(
        f"utils.{called}"
    )
    if called == "resample":
        return is_sklearns and bool(given & {"n_samples", "replace", "stratify"})
    return called == "shuffle" and is_sklearns and len(node.args) > 1


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_given(node: ast.Call, *, positional: bool = False) -> bool:
    """Whether a seed or a generator is handed over; None is none."""
    values = [word.value for word in node.keywords if word.arg in _GIVEN or word.arg is None]
    if positional:
        values += node.args
    return any(not (isinstance(v, ast.Constant) and v.value is None) for v in values)


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None
