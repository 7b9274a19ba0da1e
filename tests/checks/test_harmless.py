"""Sessions that people have every day, in which nothing is wrong: checks have nothing to say of them."""

import pytest
from causes import Case

SESSIONS = {
    "imports run again": Case(["import os", "x = os.getcwd()"], ["a", "b", "a"]),
    "plots drawn again": Case(
        [
            "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()",
            "ax.plot([1])\nax.set_title('x')\nfig",
            "wine.hist()\nplt.show()",
        ],
        ["a", "b", "c", "b", "c"],
    ),
    "a model fitted again": Case(
        ["m = RandomForestClassifier(random_state=0)", "m.fit(wine, wine)", "m.score(wine)"],
        ["a", "b", "c", "b", "c"],
    ),
    "a hyperparameter changed, and all below run again": Case(
        [
            "depth = 8",
            "%%track f depth\nm = RandomForestClassifier(depth, random_state=0).fit(wine)",
            "%track metric s=m.score(wine)",
        ],
        [("a", "depth = 4", {}), "b", "c", "a", "b", "c"],
    ),
    "a mark changed, and all below run again": Case(
        [
            "%%track f depth=8\nm = RandomForestClassifier(depth, random_state=0).fit(wine)",
            "m.score(wine)",
        ],
        [
            (
                "a",
                "%%track f depth=4\nm = RandomForestClassifier(depth, random_state=0).fit(wine)",
                {},
            ),
            "b",
            "a",
            "b",
        ],
    ),
    "results kept by key, one of them again": Case(
        ["results = {}", "results['a'] = 1", "results['b'] = 2", "print(results)"],
        ["a", "b", "c", "b", "d"],
    ),
    "columns added, one of them again": Case(
        [
            "df = load()",
            "df['a'] = df['x'] + 1",
            "df['b'] = df['x'] * 2\ndf['c'] = df['a']",
            "df['a'].mean()",
        ],
        ["a", "b", "c", "b", "d", "c"],
    ),
    "error fixed": Case(
        ["x = 1", "y = x + 1"], ["a", ("b", "y = z + 1", {"status": "error"}), "b"]
    ),
    "a scratch cell that is gone": Case(
        ["x = 1", "y = x"], ["a", ("s", "wine.head()"), ("s2", "tmp = x * 3\ntmp"), "b"]
    ),
    "function edited": Case(
        ["def f(a): return a + 2", "f(3)"], [("a", "def f(a): return a + 1", {}), "b", "a", "b"]
    ),
    "try import": Case(
        ["try:\n    import tomllib\nexcept ImportError:\n    tomllib = None", "tomllib.loads('')"],
        ["a", "a", "b"],
    ),
    "loop var": Case(
        ["for i in range(3):\n    total = i\nprint(i)", "i = 5\nprint(i)"], ["a", "b", "a"]
    ),
    "with open": Case(
        ["with open('wine.csv') as f:\n    text = f.read()", "len(text)"], ["a", "b"]
    ),
    "a network, seeded": Case(
        [
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.l = nn.Linear(2, 2)\n    def forward(self, x): return self.l(x)",
            "torch.manual_seed(0)",
            "net = Net()",
            "opt = torch.optim.Adam(net.parameters())",
            "for e in range(3):\n    opt.zero_grad()\n    loss = net(torch.ones(2)).sum()\n    loss.backward()\n    opt.step()",
        ],
        ["a", "b", "c", "d", "e"],
    ),
    "magics": Case(
        [
            "%matplotlib inline\n%load_ext autoreload\n%autoreload 2",
            "%%time\nx = 1",
            "!pip install x\n%timeit x",
            "display(x)",
        ],
        ["a", "b", "c", "d"],
    ),
    "config default": Case(
        ["import json\ncfg = json.loads('{}')", "cfg['lr'] = 1", "lr = cfg['lr']"],
        ["a", "b", "c", "b", "c"],
    ),
    "rows set by a mask, again": Case(
        ["df = load()", "df.loc[df['x'] > 1, 'y'] = 0", "df['y'].sum()"], ["a", "b", "c", "b", "c"]
    ),
    "a frame cleaned once": Case(
        ["df = load()", "df = df.dropna()", "df.describe()"], ["a", "b", "c"]
    ),
    "a frame cleaned again, from its start": Case(
        ["df = load()", "df = df.dropna()", "df.describe()"], ["a", "b", "c", "a", "b", "c"]
    ),
    "comprehension": Case(
        ["xs = [i for i in range(3)]", "ys = {k: v for k, v in zip(xs, xs)}\n[f(x) for f, x in []]"]
    ),
    "async": Case(["async def g(): return 1", "x = await g()"], ["a", "b"]),
    "widgets": Case(
        ["from ipywidgets import interact\n@interact(k=(1, 3))\ndef show(k): return k"]
    ),
    "global": Case(["n = 0\ndef inc():\n    global n\n    n += 1", "inc()", "n"], ["a", "b", "c"]),
    "walrus": Case(["if (m := 3) > 2: print(m)", "m"]),
    "star args": Case(["def f(*a, **k): return a, k\nf(*[1], **{})"]),
    "history": Case(["1 + 1", "_ + 1\nOut[1]\n_1"]),
    "capture": Case(["%%capture out\nprint(1)", "out.show()"]),
    "glob": Case(["import glob\nfor p in glob.glob('*.csv'):\n    d = pd.read_csv(p)"]),
    "fstring path": Case(
        ["n = 1\nopen(f'/data/{n}.csv')", "import os\nopen(os.path.join('/data', 'x'))"]
    ),
    "a generator of its own": Case(
        ["rng = np.random.default_rng(0)", "x = rng.normal(3)\ny = rng.choice([1])"], ["a", "b"]
    ),
    "seed rng args": Case(["gen = np.random.default_rng(seed=3)\nst = np.random.RandomState(3)"]),
    "a search over a seeded model": Case(
        [
            "from sklearn.model_selection import GridSearchCV, cross_val_score\ng = GridSearchCV(RandomForestClassifier(random_state=0), {}, cv=5)\ncross_val_score(g, wine, cv=3)"
        ]
    ),
    "a name made when it is missing": Case(
        ["try:\n    unknown\nexcept NameError:\n    unknown = 1", "unknown"]
    ),
    "annotation": Case(["x: int = 1\ndef f(a: 'Foo') -> int: return a", "f(x)"]),
    "match": Case(["match load():\n    case {'a': v}: print(v)\n    case _: pass"]),
    "lambda default": Case(["f = lambda a, b=seed: a + b", "f(1)"]),
    "del then": Case(["x = 1", "y = x\ndel x", "x = 2"], ["a", "b", "c"]),
    "log grows": Case(
        ["open('log.txt', 'a').write('x')"], [("a", "open('log.txt', 'a').write('x')")] * 2
    ),
    "save read": Case(
        ["wine.to_csv('out/x.csv')", "pd.read_csv('out/x.csv')"],
        around={"is_there": lambda p: False},
    ),
    "download": Case(
        [
            "from urllib.request import urlretrieve\nurlretrieve('http://x/y/beer.csv', 'beer.csv')\nb = pd.read_csv('beer.csv')"
        ],
        around={"is_there": lambda p: False},
    ),
}


@pytest.mark.parametrize("session", SESSIONS)
def test_nothing_is_found_in(session: str):
    assert [finding.message for finding in SESSIONS[session].check()] == []
