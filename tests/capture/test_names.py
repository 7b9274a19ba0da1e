import pytest

from nbops.capture.code.names import find_names


def names(source: str) -> tuple[set[str], set[str]]:
    found = find_names("s.0", source).names
    return set(found.defines), set(found.uses)


@pytest.mark.parametrize(
    ("source", "defines", "uses"),
    [
        ("x = 1", {"x"}, set()),
        ("y = x + 1", {"y"}, {"x"}),
        ("x = x + 1", {"x"}, {"x"}),
        ("x += 1", {"x"}, {"x"}),
        ("x = 1\ny = x", {"x", "y"}, set()),
        ("y = x\nx = 1", {"x", "y"}, {"x"}),
        ("import numpy as np\nnp.zeros(3)", {"np"}, set()),
        ("import a.b.c", {"a"}, set()),
        ("from m import f as g", {"g"}, set()),
        ("for i in items: total = i", {"i", "total"}, {"items"}),
        ("{k: len({x for x in v}) for k, v in rows}; v = 1", {"v"}, {"rows"}),
        ("[(last := f(v)) for v in values]", {"last"}, {"f", "values"}),
        ("[v for v in values if v > low]", set(), {"values", "low"}),
        ("def f(a, b=default): return a + k", {"f"}, {"default", "k"}),
        ("def f():\n    global counter\n    counter = 1", {"f", "counter"}, set()),
        ("class C(Base):\n    x = y", {"C"}, {"Base", "y"}),
        ("lambda a: a + z", set(), {"z"}),
        ("with open(path) as file:\n    data = file.read()", {"file", "data"}, {"path"}),
        ("if flag:\n    x = 1\nprint(x)", {"x"}, {"flag", "x"}),
        ("a, (b, *c) = t", {"a", "b", "c"}, {"t"}),
        ("(n := 10)", {"n"}, set()),
        ("print(len('x'))", set(), set()),
        ("df['a'] = 1", set(), {"df"}),
        ("await fetch(url)", set(), {"fetch", "url"}),
        ("%matplotlib inline\nx = 1", {"x"}, set()),
        ("%%time\nx = y", {"x"}, {"y"}),
        ("%%bash\necho $x", set(), set()),
        ("files = !ls {folder}", {"files"}, {"folder"}),
        ("%%track forest depth=k + 1\nm = fit(depth)", {"m", "depth"}, {"fit", "k"}),
        ("%track metric auc=score(y, p) f1", set(), {"score", "y", "p", "f1"}),
        ("%%capture --no-stderr out\nx = 1", {"out", "x"}, set()),
        ("%%bash --out lines\nls", {"lines"}, set()),
        ("%track metric loss --step n", set(), {"loss", "n"}),
        ("%track model forest as best", set(), {"forest"}),
        ("%track data wine.csv as wine", set(), set()),
        ("%%track F depth=base*2\nm = fit(depth)", {"m", "depth"}, {"base", "fit"}),
        ("%%track F depth=depth * 2", {"depth"}, {"depth"}),
        ("%%track F lr=start depth=lr*2 seed", {"lr", "depth"}, {"start", "seed"}),
        ("%%track F k=pick(x, key=z) n=2", {"k", "n"}, {"pick", "x", "z"}),
        ("%%track F k='a b=c' n = size", {"k", "n"}, {"size"}),
        ("%%track F sizes=[v*2 for v in base]", {"sizes"}, {"base"}),
        ("%%track F depth\ndepth = 4", {"depth"}, set()),
        ("# track: F depth", set(), {"depth"}),
        ("%%time\n%%track F depth=base\nm = fit(X)", {"depth", "m"}, {"base", "fit", "X"}),
        ("%%capture\n\n%%track F\nm = fit(X)", {"m"}, {"fit", "X"}),
        ("%%track F\n%%time\nm = fit(X)", {"m"}, {"fit", "X"}),
        ("%%time\n%%capture\nm = fit(X)", {"m"}, {"fit", "X"}),
        ("def f():\n    return K\nK = 1\nf()", {"f", "K"}, set()),
        ("def f():\n    return K\nf()\nK = 1", {"f", "K"}, {"K"}),
        ("x = (", set(), set()),
        ("a = [f(n) for n in range(3)]\nfor n in a: print(n)", {"a", "n"}, {"f"}),
        ("for x in f(x):\n    pass", {"x"}, {"f", "x"}),
        ("a = [x for x in x]\nx = 1", {"a", "x"}, {"x"}),
        ("a = [y for x in z for y in x if y > t]\nx = y = 2", {"a", "x", "y"}, {"t", "z"}),
        ("a = {k: v for k, v in p if (w := k)}\nprint(v)\nk = v = 1", {*"akvw"}, {"p", "v"}),
        ("for a in A:\n    for b in B:\n        use(b)", {"a", "b"}, {"A", "B", "use"}),
        ("for x in xs:\n    y = f(x)\n    y.fit()\nprint(y)", {"x", "y"}, {"f", "xs"}),
        ("for x in xs:\n    t = t + x", {"t", "x"}, {"t", "xs"}),
        ("n = 0\nfor x in xs:\n    n += 1", {"n", "x"}, {"xs"}),
        ("while go():\n    k = step()\n    if k:\n        break\nprint(k)", {"k"}, {"go", "step"}),
        ("if t:\n    z = 1\nelse:\n    z = 2\nz.fit()", {"z"}, {"t"}),
        ("if t:\n    z = 1\nz.fit()", {"z"}, {"t", "z"}),
        ("if t:\n    z = 1\nelse:\n    raise E\nz.fit()", {"z"}, {"t", "E"}),
        (
            "try:\n    d = load()\nexcept E as e:\n    d = make(e)\nd.x",
            {"d", "e"},
            {"load", "make", "E"},
        ),
        ("try:\n    d = load()\nexcept E:\n    pass\nd.x", {"d"}, {"d", "load", "E"}),
        ("match v:\n    case [a, b]:\n        print(a)\nprint(b)", {"a", "b"}, {"v", "b"}),
        ("if (m := g()):\n    print(m)", {"m"}, {"g"}),
        (
            "s = sorted(xs, key=lambda p: p.a + q)\nfor p in s:\n    use(p)",
            {"p", "s"},
            {"q", "use", "xs"},
        ),
        (
            "for x in xs:\n    with open(x) as f:\n        t = f.read()\n    print(t)",
            {*"fxt"},
            {"xs"},
        ),
    ],
)
def test_names_of_a_cell(source: str, defines: set[str], uses: set[str]):
    assert names(source) == (defines, uses)


@pytest.mark.parametrize(
    ("source", "touches"),
    [
        ("model.fit(X, y)", {"model"}),
        ("history = model.fit(X)", {"model"}),
        ("df['a'] = 1", {"df"}),
        ("o.attribute = 2", {"o"}),
        ("n += 1", {"n"}),
        ("rows.append(1)\nx = 1", {"rows"}),
        ("df.drop(columns='a', inplace=True)\nx = 1", {"df"}),
        ("df.fillna(0, inplace=True)", {"df"}),
        ("lst.append(1)", {"lst"}),
        ("del d['k']", {"d"}),
        ("random.shuffle(items)", {"items"}),
        ("for e in range(3):\n    rng.shuffle(data.rows)", {"data"}),
        ("heapq.heapify(h)", {"h"}),
        ("insort(scores, 3)", {"scores"}),
        ("np.fill_diagonal(a, 0)", {"a"}),
        ("np.copyto(a, b)", {"a"}),
        ("np.add(a, b, out=c)", {"c"}),
        ("y = shuffle(x)", set()),
        ("y = np.append(x, 1)", set()),
        ("df.fillna(0, inplace=False)", set()),
        ("def f(rows):\n    rows.append(1)", set()),
        ("df.head()", set()),
        ("y = df.mean()", set()),
        ("p = model.predict(X)", set()),
    ],
)
def test_objects_that_a_cell_changes_in_place(source: str, touches: set[str]):
    assert set(find_names("s.0", source).touches) == touches


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("auc", "auc"),
        ("scores.auc", "auc"),
        ("scores['auc']", "auc"),
        ("accuracy_score(y, p)", "accuracy_score"),
        ("float(auc)", "auc"),
        ("round(metrics.f1_score(y, p), 3)", "f1_score"),
        ("model.score(X, y)", "score"),
        ("a + b", None),
        ("x = 1", None),
    ],
)
def test_what_a_number_at_the_end_is_called(source: str, name: str | None):
    assert find_names("s.0", source).result_name == name


def test_imports_are_told_from_values():
    assert find_names("s.0", "import a\nfrom b import c\nd = 1\na = 2").imports == ["c"]


def test_an_import_whose_name_is_bound_again_is_a_value():
    for again in ("m = 1", "for m in x: pass", "with open(x) as m: pass", "def m(): pass"):
        assert find_names("s.0", f"import m\nimport n\n{again}").imports == ["n"]


def test_a_method_whose_result_nobody_takes_may_change_its_object():
    found = find_names("s.0", "rng.shuffle(x)\nnet.eval()\nnet.describe()")
    assert (found.touches, found.may_touch) == (["x"], ["net", "rng"])


@pytest.mark.parametrize(
    ("source", "late", "deferred", "holds"),
    [
        ("def f(a=d): return a * K", ["K"], {"f": ["K"]}, {}),
        ("f = lambda x: x * K", ["K"], {"f": ["K"]}, {}),
        ("def f(): return K\nm = f()", [], {"f": ["K"]}, {}),
        ("y = df.apply(lambda x: x * K)", [], {}, {}),
        ("def f(): return [g(v) for v in K]", ["K", "g"], {"f": ["K", "g"]}, {}),
        ("x = [v * K for v in w]", [], {}, {}),
        ("def f(K): return K", [], {}, {}),
        ("if flag:\n    def f(): return K", ["K"], {"f": ["K"]}, {}),
        (
            "class Net(Base):\n    a = J\n    def go(self): return K",
            ["K"],
            {"Net": ["K"]},
            {"Net": ["Base"]},
        ),
        ("g = partial(f, 1)", [], {}, {"g": ["f", "partial"]}),
        ("net = Net(size)", [], {}, {"net": ["Net", "size"]}),
        ("m = train(lr)", [], {}, {}),
        ("o.loss = f", [], {}, {"o": ["f"]}),
        ("@timed\ndef f(): pass", [], {}, {"f": ["timed"]}),
    ],
)
def test_what_a_function_reads_is_told_apart(
    source: str, late: list[str], deferred: dict[str, list[str]], holds: dict[str, list[str]]
):
    found = find_names("s.0", source)
    assert (found.late, found.deferred, found.holds) == (late, deferred, holds)


@pytest.mark.parametrize(
    ("source", "generators"),
    [
        ("random.seed(1)", ["random="]),
        ("numpy.random.seed(1)", ["np.random="]),
        ("torch.manual_seed(1)", ["torch="]),
        ("x = np.random.normal(3)", ["np.random()"]),
        ("np.random.seed(1)\nx = np.random.normal(3)", ["np.random="]),
        ("rng = np.random.default_rng(1)\nnp.zeros(3)", []),
        ("def f(): random.seed(1)", []),
        ("def f(): random.seed(1)\nf()", ["random="]),
        ("layer = nn.Linear(2, 2)", ["torch()"]),
        ("class Net(nn.Module):\n    pass\nloss = nn.MSELoss()", []),
        ("forest = RandomForestClassifier(100)", ["np.random()"]),
        ("forest = RandomForestClassifier(random_state=None)", ["np.random()"]),
        ("forest = RandomForestClassifier(random_state=seed)", []),
        ("forest = RandomForestClassifier(**options)", []),
        ("np.random.seed(1)\nforest = RandomForestClassifier(100)", ["np.random="]),
        ("a, b = train_test_split(X, y)", ["np.random()"]),
        ("a, b = train_test_split(X, y, shuffle=False)", []),
        ("folds = KFold(5)", []),
        ("folds = KFold(5, shuffle=True)", ["np.random()"]),
        ("LogisticRegression(C=1)", []),
        ("LogisticRegression(solver='saga')", ["np.random()"]),
        ("some = wine.sample(frac=0.5)", ["np.random()"]),
        ("some = wine.sample(frac=0.5, random_state=1)", []),
        ("daily = wine.resample('D').mean()", []),
        ("X, y = shuffle(X, y)", ["np.random()"]),
        ("from random import shuffle\nshuffle(x)", ["random()"]),
        ("from random import shuffle, seed as fix\nfix(1)\nshuffle(x)", ["random="]),
        ("pl.seed_everything(1)", ["np.random=", "random=", "torch="]),
        ("from utils import set_seed\nset_seed(1)", ["np.random=", "random=", "torch="]),
        ("tf.random.set_seed(1)", []),
    ],
)
def test_generators_of_random_numbers(source: str, generators: list[str]):
    assert find_names("s.0", source).generators == generators


@pytest.mark.parametrize(
    ("source", "defines", "deletes", "mutates"),
    [
        ("del x", [], ["x"], []),
        ("x = 1\ndel x", [], ["x"], []),
        ("del x\nx = 2", ["x"], [], []),
        ("y = x\ndel x, (a, b)", ["y"], ["a", "b", "x"], []),
        ("if big:\n    del x", [], [], []),
        ("import m\ndel m", [], ["m"], []),
        ("%%track run depth=3\ndel depth", [], ["depth"], []),
        ("del df['a']", [], [], ["df"]),
        ("df['a'] = 1", [], [], ["df"]),
        ("df = load()\ndf['a'] = 1", ["df"], [], []),
        ("model.fit(X, y)", [], [], ["model"]),
    ],
)
def test_names_that_a_cell_deletes_and_changes_in_place(
    source: str, defines: list[str], deletes: list[str], mutates: list[str]
):
    found = find_names("s.0", source).names
    assert (found.defines, found.deletes, found.mutates) == tuple(
        map(tuple, (defines, deletes, mutates))
    )
