"""Which runs a session's cells make: one experiment is rarely one cell."""

from told import Told, figure, linked, metric, mlflow_run_started, model, param, seen

from nbops.journal import facts


def test_a_marked_cell_is_a_run_with_the_params_on_its_line():
    told = Told()
    key = told.cell("%%track forest depth=8\nm = fit(depth)")
    (run,) = told.runs()
    assert (run.name, run.origin, run.status) == ("forest", "track", "finished")
    assert run.params == {"depth": 8}
    assert run.cell_run_ids == (key,)


def test_a_clock_that_is_set_back_changes_no_order():
    told = Told()
    fit = told.cell("%%track forest\nm = fit()")
    told.clock -= 3600
    told.cell("%track metric auc=score(m)", metric("auc", 0.9))
    told.cell("%%track other\nn = m")
    forest, other = told.runs()
    assert forest.metrics["auc"][0][1] == 0.9
    assert other.depends_on == (fit,)
    cells = told.document("other").cell_runs
    assert [cell.seq for cell in cells] == [0, 2]
    assert {cell.duration_s for cell in cells} == {1.0}


def test_a_bare_name_records_what_the_variable_is_when_the_cell_ends():
    told = Told()
    told.cell("# track: forest depth\ndepth = 4", params={"depth": 4})
    (run,) = told.runs()
    assert run.params == {"depth": 4}


def test_cells_without_marks_or_metrics_make_no_run():
    told = Told()
    told.cell("x = 1")
    told.cell("%track param depth=8", param("depth", 8))
    assert told.runs() == []


def test_fit_in_one_cell_and_metric_in_the_next_are_one_run():
    told = Told()
    fit = told.cell("%%track forest depth=8\nm = fit(depth)")
    score = told.cell("%track metric auc=score(m)", metric("auc", 0.9), model())
    (run,) = told.runs()
    assert run.cell_run_ids == (fit, score)
    assert run.metrics["auc"][0][1] == 0.9
    assert [m.name for m in run.models] == ["model"]


def test_the_way_from_model_to_metric_may_lead_through_other_cells():
    told = Told()
    told.cell("%%track forest\nm = fit()")
    told.cell("p = m.predict(X)")
    told.cell("q = p > 0.5")
    told.cell("%track metric f1=score(q)", metric("f1"))
    (run,) = told.runs()
    assert run.name == "forest"
    assert "f1" in run.metrics


def test_a_model_fitted_in_place_leads_to_its_run():
    told = Told()
    told.cell("m = Forest()")
    told.cell("%%track forest\nm.fit(X, y)")
    told.cell("%track metric auc=score(m)", metric("auc"))
    (run,) = told.runs()
    assert "auc" in run.metrics


def test_a_metric_belongs_to_the_latest_run_that_it_uses():
    told = Told()
    told.cell("%%track one\na = fit()")
    told.cell("%%track two\nb = fit()")
    told.cell("%track metric x=score(a)", metric("x"))
    told.cell("%track metric y=score(a, b)", metric("y"))
    one, two = told.runs()
    assert set(one.metrics) == {"x"}
    assert set(two.metrics) == {"y"}


def test_running_both_cells_again_makes_a_second_run_with_its_own_metric():
    told = Told()
    for value in (0.7, 0.8):
        told.cell("%%track forest\nm = fit()", cell_id="fit")
        told.cell("%track metric auc=score(m)", metric("auc", value), cell_id="score")
    one, two = told.runs()
    assert one.metrics["auc"][0][1] == 0.7
    assert two.metrics["auc"][0][1] == 0.8


def test_running_only_the_metrics_cell_again_updates_the_same_run():
    told = Told()
    told.cell("%%track forest\nm = fit()")
    told.cell("%track metric auc=score(m)", metric("auc", 0.7))
    told.cell("%track metric auc=score(m)", metric("auc", 0.8))
    (run,) = told.runs()
    assert [point[1] for point in run.metrics["auc"]] == [0.7, 0.8]


def test_a_metric_without_a_run_makes_its_cell_one():
    told = Told()
    told.cell("m = fit()")
    told.cell("%track metric auc=score(m)", metric("auc"))
    (run,) = told.runs()
    assert run.origin == "metric"
    assert run.name == "brave-lake [2]"
    assert run.depends_on == ("s.0",)


def test_an_import_leads_to_no_run():
    told = Told()
    told.cell("%%track forest\nfrom sklearn.metrics import f1_score\nm = fit()")
    told.cell("%track metric baseline=f1_score(y, zeros)", metric("baseline"))
    forest, baseline = told.runs()
    assert forest.metrics == {}
    assert baseline.origin == "metric"
    assert baseline.imports_from == ("s.0",)
    assert baseline.depends_on == ()


def test_params_hold_for_the_runs_after_them_until_changed():
    told = Told()
    told.cell("%%track one")
    told.cell("%track param lr=0.1", param("lr", 0.1))
    told.cell("%%track two")
    told.cell("%track param lr=0.2", param("lr", 0.2))
    told.cell("%%track three")
    assert [run.params for run in told.runs()] == [{}, {"lr": 0.1}, {"lr": 0.2}]


def test_a_param_of_a_marked_cell_is_its_own():
    told = Told()
    told.cell("%%track one\n%track param lr=0.1", param("lr", 0.1))
    told.cell("%%track two")
    assert [run.params for run in told.runs()] == [{"lr": 0.1}, {}]


def test_a_param_that_a_run_has_is_not_changed_by_a_later_cell():
    told = Told()
    told.cell("%%track one lr=0.1\nm = fit()")
    told.cell("%track param lr=0.9\n%track metric auc=score(m)", param("lr", 0.9), metric("auc"))
    (run,) = told.runs()
    assert run.params == {"lr": 0.1}


def test_the_last_expression_of_a_marked_cell_is_its_metrics():
    told = Told()
    told.cell("%%track a\nauc", result=0.9)
    told.cell("%%track b\nevaluate(m)", result={"auc": 0.8, "f1": 0.7})
    told.cell("%%track c\n1 + 1", result=2)
    a, b, c = told.runs()
    assert a.metrics["auc"][0][1] == 0.9
    assert {name: points[0][1] for name, points in b.metrics.items()} == {"auc": 0.8, "f1": 0.7}
    assert c.metrics["result"][0][1] == 2


def blocks(told: Told, *names: str, parent: str | None = None) -> list[facts.Fact]:
    made: list[facts.Fact] = []
    for number, name in enumerate(names):
        made += [
            facts.RunStarted(
                run=f"b{number}",
                cell_run="",
                parent=parent,
                name=name,
                at=1.0,
                params={"n": number},
            ),
        ]
    return made


def test_blocks_in_a_loop_are_separate_runs():
    told = Told()
    told.cell(
        "for d in (2, 4): ...",
        *blocks(told, "forest", "forest"),
        metric("auc", 0.1, run="b0"),
        metric("auc", 0.2, run="b1"),
    )
    one, two = told.runs()
    assert (one.params, two.params) == ({"n": 0}, {"n": 1})
    assert (one.metrics["auc"][0][1], two.metrics["auc"][0][1]) == (0.1, 0.2)


def test_a_block_in_a_marked_cell_is_its_child():
    told = Told()
    told.cell("%%track sweep\n...", *blocks(told, "point"))
    sweep, point = told.runs()
    assert point.parent_id == sweep.id


def test_points_without_a_step_get_the_next_one():
    told = Told()
    told.cell("%%track t", *(metric("loss", value) for value in (3, 2, 1)))
    (run,) = told.runs()
    assert [point[:2] for point in run.metrics["loss"]] == [(0, 3), (1, 2), (2, 1)]


def test_one_mlflow_run_of_the_users_own_is_the_cells_run():
    told = Told()
    key = told.cell("with mlflow.start_run(): ...", mlflow_run_started())
    told.findings.append(linked(key, "m1", params={"C": "1"}, metrics={"auc": [(0, 0.9, 1.0)]}))
    (run,) = told.runs()
    assert (run.origin, run.mlflow_run_id, run.name) == ("mlflow", "m1", "run-m1")
    assert run.params == {"C": "1"}
    assert run.metrics["auc"][0][1] == 0.9


def test_one_mlflow_run_in_a_marked_cell_is_not_a_second_run():
    told = Told()
    key = told.cell("%%track forest depth=8\nwith mlflow.start_run(): ...", mlflow_run_started())
    told.findings.append(linked(key, "m1", metrics={"auc": [(0, 0.9, 1.0)]}))
    (run,) = told.runs()
    assert (run.origin, run.mlflow_run_id, run.name) == ("track", "m1", "forest")
    assert run.params == {"depth": 8}
    assert "auc" in run.metrics


def test_several_mlflow_runs_in_a_marked_cell_are_its_children():
    told = Told()
    key = told.cell("%%track sweep\n...", mlflow_run_started(), mlflow_run_started())
    told.findings += [linked(key, "m1"), linked(key, "m2")]
    sweep, one, two = told.runs()
    assert sweep.mlflow_run_id is None
    assert {one.parent_id, two.parent_id} == {sweep.id}


def test_a_metric_beside_the_users_own_run_waits_until_that_is_found():
    told = Told()
    key = told.cell(
        "mlflow.start_run()\nnbops.log_metric('x', 1)", mlflow_run_started(), metric("x")
    )
    held = told.replay()
    assert [run.awaits_link for run in held.composition().runs.values()] == [True]
    told.findings.append(linked(key, "m1"))
    (run,) = told.runs()
    assert run.mlflow_run_id == "m1"
    assert "x" in run.metrics


def test_a_metric_in_a_later_cell_goes_to_the_users_run_that_is_still_open():
    told = Told()
    key = told.cell("mlflow.start_run()", mlflow_run_started(), mlflow_run_id="m1")
    told.findings.append(linked(key, "m1", status="RUNNING"))
    told.cell("%track metric auc=1", metric("auc"), mlflow_run_id="m1")
    (run,) = told.runs()
    assert run.mlflow_run_id == "m1"
    assert "auc" in run.metrics


def test_a_metric_beside_a_run_that_is_open_but_not_found_yet_waits():
    told = Told()
    key = told.cell("mlflow.log_metric('a', 1)", mlflow_run_started(), mlflow_run_id="m1")
    told.cell("%track metric b=1", metric("b"), mlflow_run_id="m1")
    held = told.replay().composition().runs.values()
    assert [run.awaits_link for run in held] == [True]
    told.findings.append(linked(key, "m1", status="RUNNING"))
    (run,) = told.runs()
    assert (run.mlflow_run_id, set(run.metrics)) == ("m1", {"b"})


def test_a_metric_of_what_a_run_made_that_is_not_found_yet_waits():
    told = Told()
    key = told.cell("model = fit(X)", mlflow_run_started())
    told.cell("scores = model.predict(X)")
    told.cell("%track metric mine=f(scores)", metric("mine"))
    held = told.replay().composition().runs.values()
    assert [run.awaits_link for run in held] == [True]
    told.findings.append(linked(key, "m1"))
    (run,) = told.runs()
    assert (run.mlflow_run_id, set(run.metrics)) == ("m1", {"mine"})


def test_a_run_that_was_open_before_the_session_is_not_waited_for():
    told = Told()
    told.cell("%track metric b=1", metric("b"), mlflow_run_id="of-someone-else")
    (run,) = told.replay().composition().runs.values()
    assert (run.origin, run.awaits_link) == ("metric", False)


def test_a_figure_that_compares_two_runs_is_the_sessions():
    told = Told()
    told.cell("%%track one\na = fit()")
    told.cell("%%track two\nb = fit()")
    told.cell("plot(a, b)", figure("both.png"))
    told.cell("plot(b)", figure("two.png"))
    one, two = told.runs()
    assert one.files == ()
    assert [file.name for file in two.files] == ["two.png"]
    assert [file.name for file in told.replay().session().files] == ["both.png"]


def test_a_run_depends_on_what_its_cells_took_and_wrote():
    told = Told()
    told.cell("df = read('raw.csv')", reads=[seen("raw.csv")])
    told.cell("df.to_parquet('clean')", writes=[seen("clean")])
    told.cell("unrelated = 1")
    told.cell("d = read('clean')", reads=[seen("clean")])
    told.cell("%%track forest\nm = fit(d)")
    (run,) = told.runs()
    assert run.depends_on == ("s.0", "s.1", "s.3")


def test_redefining_a_name_cuts_the_old_thread():
    told = Told()
    told.cell("X = old()")
    told.cell("X = new()")
    told.cell("%%track r\nfit(X)")
    (run,) = told.runs()
    assert run.depends_on == ("s.1",)


def test_what_a_function_reads_is_looked_up_when_it_is_called():
    told = Told()
    told.cell("DEPTH = 3")
    told.cell("def train(lr): return DEPTH * lr")
    told.cell("%%track A lr=1\nm = train(lr)")
    told.cell("DEPTH = 30")
    told.cell("%%track A lr=1\nm = train(lr)")
    one, two = told.runs()
    assert one.depends_on == ("s.0", "s.1")
    assert two.depends_on == ("s.1", "s.3")


def test_functions_that_call_functions_lead_to_what_these_read():
    told = Told()
    told.cell("def inner(): return DEPTH")
    told.cell("def outer(): return inner()")
    told.cell("DEPTH = 3")
    told.cell("%%track A\nouter()")
    (run,) = told.runs()
    assert run.depends_on == ("s.0", "s.1", "s.2")


def test_an_object_leads_to_what_its_methods_read():
    told = Told()
    told.cell("class Net:\n    def go(self): return SCALE")
    told.cell("net = Net()")
    told.cell("SCALE = 2")
    told.cell("%%track A\nnet.go()")
    (run,) = told.runs()
    assert run.depends_on == ("s.0", "s.1", "s.2")


def test_a_value_that_was_computed_does_not_change_with_what_its_function_reads():
    told = Told()
    told.cell("DEPTH = 3")
    told.cell("def train(): return DEPTH")
    told.cell("m = train()")
    told.cell("DEPTH = 30")
    told.cell("%%track A\nscore(m)")
    (run,) = told.runs()
    assert run.depends_on == ("s.0", "s.1", "s.2")


def test_what_the_cell_binds_itself_is_what_its_functions_read():
    told = Told()
    told.cell("DEPTH = 3")
    told.cell("def train(): return DEPTH")
    told.cell("%%track A DEPTH=5\nm = train()")
    (run,) = told.runs()
    assert run.depends_on == ("s.1",)


def test_an_object_that_is_made_anew_forgets_what_its_class_read():
    told = Told()
    told.cell("J, K = 1, 2")
    told.cell("class Net:\n    def go(self): return K", cell_id="net")
    told.cell("net = Net()")
    told.cell("class Net:\n    def go(self): return 0", cell_id="net")
    told.cell("net = Net()")
    told.cell("%%track A\nnet.go()")
    (run,) = told.runs()
    assert run.depends_on == ("s.3", "s.4")


def test_a_function_that_wraps_the_one_of_its_name_reads_the_same():
    told = Told()
    told.cell("def f(x): return x * K")
    told.cell("f = partial(f, 2)")
    told.cell("K = 3")
    told.cell("%%track A\nf()")
    (run,) = told.runs()
    assert run.depends_on == ("s.0", "s.1", "s.2")


def test_a_seed_in_the_cell_itself_cuts_the_thread_to_others():
    told = Told()
    told.cell("import numpy as np\ndef draw(): return np.random.normal()")
    told.cell("np.random.seed(1)")
    told.cell("%%track A\nnp.random.seed(2)\ndraw()")
    told.cell("%%track B\ndraw()")
    a, b = told.runs()
    assert a.depends_on == ("s.0",)
    assert b.depends_on == ("s.0", "s.2")


def test_a_metric_goes_to_the_run_that_its_function_reads():
    told = Told()
    told.cell("def auc(): return score(m)")
    told.cell("%%track forest\nm = fit()")
    told.cell("%track metric auc=auc()", metric("auc"))
    (run,) = told.runs()
    assert "auc" in run.metrics


def test_what_is_shuffled_in_place_is_a_step():
    told = Told()
    told.cell("import random")
    told.cell("items = load()")
    told.cell("random.shuffle(items)")
    told.cell("%%track A\nfit(items)")
    (run,) = told.runs()
    assert run.depends_on == ("s.1", "s.2")


def test_a_module_is_not_changed_by_calling_it():
    told = Told()
    told.cell("import matplotlib.pyplot as plt")
    told.cell("plt.plot(x)\nplt.show()")
    told.cell("%%track A\nplt.plot(y)\nplt.show()")
    (run,) = told.runs()
    assert run.depends_on == ()


def test_who_draws_random_numbers_depends_on_the_last_seed():
    told = Told()
    told.cell("import numpy as np")
    told.cell("def seed_all(s): np.random.seed(s)")
    told.cell("np.random.seed(1)")
    told.cell("seed_all(2)")
    told.cell("%%track drawn\nx = np.random.normal(3)")
    told.cell("%%track plain\nx = np.zeros(3)")
    drawn, plain = told.runs()
    assert drawn.depends_on == ("s.1", "s.3")
    assert plain.depends_on == ()


def test_an_expression_on_a_mark_is_a_use():
    told = Told()
    told.cell("base = 2")
    told.cell("%%time\n%%track F depth=base*2\nfit(depth)", variables={"base": 2})
    (run,) = told.runs()
    assert (run.params, run.depends_on) == ({"depth": 4}, ("s.0",))


def test_a_metric_after_nested_blocks_goes_to_the_outer_one():
    told = Told()
    outer = facts.RunStarted(run="outer", cell_run="", parent=None, name="outer", at=1.0)
    inner = facts.RunStarted(run="inner", cell_run="", parent="outer", name="inner", at=1.0)
    told.cell(
        "with track('outer'):\n    with track('inner'): ...\n    model = {'w': 1}", outer, inner
    )
    told.cell("%track metric test_acc=model['w']", metric("test_acc"))
    runs = {run.name: run for run in told.runs()}
    assert set(runs["outer"].metrics) == {"test_acc"}
    assert runs["inner"].metrics == {}


def test_a_job_is_a_run_and_holds_what_belongs_to_no_other():
    told = Told(kind="job", name="train", params={"depth": 4, "unused": 1})
    told.cell("rows = 10\n%track metric rows=rows", metric("rows", 10))
    told.cell("%%track forest depth\nm = fit(depth)", params={"depth": 4})
    told.cell("%track metric auc=score(m)", metric("auc"))
    told.end("failed")
    job, forest = told.runs()
    assert (job.origin, job.name, job.status) == ("job", "train", "failed")
    assert job.params == {"depth": 4, "unused": 1}
    assert set(job.metrics) == {"rows"}
    assert job.cell_run_ids == ("s.0", "s.1", "s.2")
    assert forest.parent_id == job.id
    assert forest.params == {"depth": 4}
    assert set(forest.metrics) == {"auc"}


def test_a_failed_cell_is_a_failed_run():
    told = Told()
    told.cell("%%track forest\n1/0", status="error")
    assert told.runs()[0].status == "failed"


def test_what_was_running_when_the_session_was_judged_dead_has_died():
    told = Told()
    told.cell("x = 1")
    told.cell("%%track forest\ntime.sleep(9)", ends=False)
    told.findings.append(facts.Judged(status="died", at=1010.0))
    (run,) = told.runs()
    assert run.status == "died"
    document = told.replay().document()
    assert document.session.status == "died"
    assert [cell.status for cell in document.cell_runs] == ["ok", "died"]


def test_ids_of_runs_are_the_same_whenever_they_are_replayed():
    told = Told()
    told.cell("%%track forest")
    told.cell("%track metric x=1", metric("x"))
    assert [run.id for run in told.runs()] == [run.id for run in told.runs()]


def test_findings_may_come_before_or_after_the_facts():
    told = Told()
    told.cell("%%track forest\nm = fit()")
    told.cell("%track metric auc=score(m)", metric("auc"))
    late = told.replay()
    from nbops.replay import Replay

    early = Replay()
    early.feed_all(told.facts)
    before = list(early.runs())
    early.feed_all(told.findings)
    assert len(before) == 2  # nothing is known of names yet
    assert list(early.runs()) == list(late.runs())


def test_a_metric_of_a_thread_that_outlives_every_cell_is_not_lost():
    told = Told()
    told.facts.append(facts.Metric(cell_run=None, name="late", value=1.0, at=1.0))
    (run,) = told.runs()
    assert "late" in run.metrics


def test_a_deleted_name_leads_nowhere():
    told = Told()
    told.cell("m = fit()")
    told.cell("%%track forest\nscore(m)\ndel m")
    told.cell("import helpers as m")
    told.cell("del m")
    told.cell("%track metric auc=m.auc", metric("auc"))
    cells = list(told.replay().cell_runs())
    assert cells[1].depends_on == (cells[0].id,)
    assert (cells[4].depends_on, cells[4].imports_from) == ((), ())
    assert [run.origin for run in told.runs()] == ["track", "metric"]


def test_a_function_that_was_deleted_reads_nothing_any_more():
    told = Told()
    told.cell("k = 1")
    told.cell("def f(): return k")
    told.cell("del f")
    cell = told.cell("f()")
    assert told.replay().cell_run(cell).depends_on == ()


def test_an_estimator_without_a_random_state_depends_on_the_last_seed():
    told = Told()
    seed = told.cell("np.random.seed(1)")
    told.cell("%%track forest\nm = RandomForestClassifier()")
    told.cell("%%track other\nm = RandomForestClassifier(random_state=1)")
    forest, other = told.runs()
    assert forest.depends_on == (seed,)
    assert other.depends_on == ()


def test_a_cell_run_says_who_seeded_what_it_draws_from():
    told = Told()
    seed = told.cell("np.random.seed(1)")
    told.cell("def draw(): return np.random.rand() + random.random()")
    told.cell("x = draw()")
    both = told.cell("np.random.seed(2)\nx = np.random.rand()")
    states = [cell.random_state for cell in told.replay().cell_runs()]
    assert states == [
        {"np.random": {"seeded_by": seed}},
        None,
        {"np.random": {"seeded_by": seed}, "random": {"seeded_by": None}},
        {"np.random": {"seeded_by": both}},
    ]
