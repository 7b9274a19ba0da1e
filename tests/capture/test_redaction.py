import json
from typing import Any

import pytest

from nbops.capture.secrets.fingerprints import STAND_IN, stand_in_for
from nbops.capture.secrets.masking import Masker
from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.ipython.outputs import ERROR
from nbops.journal.reader import JOURNAL
from nbops.recording.current import start, stop
from nbops.recording.recorder import Plan
from nbops.recording.scalars import as_scalar
from nbops.workspace import Workspace

SECRETS = [
    'password = "hunter2"',
    "db_password='p@ss word'",
    '{"api_key": "0123456789abcdef"}',
    "os.environ['AWS_SECRET_ACCESS_KEY'] = 'wJalrXUtnFEMI/K7MDENG'",
    "token = 'abcd1234efgh'",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "hf_abcdefghijklmnopqrstuvwxyz0123456789",
    "sk-proj-0123456789abcdefghij",
    "glpat-0123456789abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "postgresql://me:hunter2@db.example.com/prod",
    "https://x-access-token:abc123@github.com/o/r.git",
    "https://0123456789abcdef@github.com/o/r.git",
    "!mysql --password=s3cr3tpw -u me",
    "https://api.example.com/?api_key=a1b2c3d4e5&x=1",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA cut off",
]
PLANTED = [  # each with "plAnted" somewhere in what must not stay
    "%track start x --tag api_key=plAntedTAG123",
    "%track start x --tag api_key=plAntedletters",
    'nbops.set_tag("db_passwd_prod", "plAnted")',
    'nbops.log_param("token_x", "plAnted123")',
    'nbops.log_param(\n    "dbPasswordProd",\n    "plAnted",\n)',
    "%%track db_password_prod='plAnted'\n1",
    'PASSWORD: str = "plAnted"',
    'password: Optional[str] = "plAnted"',
    'def connect(password: str | None = "plAnted"): ...',
    'API_TOKEN = """first\nplAnted second"""',
    'API_TOKEN = """plAnted cut off',
    'password = "it\'s-a-plAnted1"',
    r'password = "a\"plAnted"',
    'password = ("plAnted")',
    'passwords = [\n    "one1", "plAnted"\n]',
    'password = (\n    "first"\n    "plAnted"\n)',
    'password = "plAnted cut off',
    'headers = {"Authorization": "Bearer plAntedletters"}',
    'headers = {"Authorization": "Basic cGxplAnted=="}',
    'headers["authorization"] = "plAnted"',
    '!curl -H "Authorization: Bearer plAnted" https://x.org',
    "401 for Bearer plAnted0123456789abcdef",
    "%env DB_PASSWORD=plAnted",
    "%env DB_PASSWORD plAnted",
    "%set_env db_password=plAnted",
    "!export db_password=plAnted && ./run",
    "!docker run -e API_TOKEN=plAnted image",
    "DB_PASSWORD=plAnted",
    "!PGPASSWORD=plAnted psql",
    "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=plAnted0&x=1",
    "X-Amz-Signature=plAnted01234",
    "https://a.blob.core.windows.net/c?sv=2020&sig=plAnted%2Babc%3D&se=1",
    "AccountName=me;AccountKey=plAntedletters+/==;EndpointSuffix=core.windows.net",
    "Server=db;Uid=me;Pwd=plAnted;",
    "!app --token=plAnted",
    "!app --token plAnted -v",
    "subprocess.run('app --token plAnted1 -v')",
    'subprocess.run(["app", "--password", "plAnted"])',
    'pwd = "plAnted"',
    "pwd=plAnted1",
    'psycopg2.connect("host=db password=plAnted user=me")',
    'requests.get(url, auth=("me", "plAnted"))',
    "auth = HTTPBasicAuth(user, 'plAnted')",
    """{'api_token': 'x"yplAnted67'}""",
    r"""+    "db_password = \"plAnted\"\n",""",
    r"""+    "os.environ[\"API_TOKEN\"] = \"plAnted\"\n",""",
    'note = """\nhow to: password = \'plAnted\'\n"""',
    "clientSecret='plAnted'",
    "MYSQL_PWD=plAnted",
    "X-Api-Key: plAnted1",
    'key = "9fplAnted2mQx7Lp0vB4sTz8Rd1WcY"',
    "config['auth'] = 'Qx7Lp0vB4sTz8Rd1WcYplAnted9f'",
    "passcode = 'plAnted'",
    "HTML(\"<b>password</b> = 'plAnted'\")",
]
NUMBERS = ["pin = 48151623", "PIN_CODE: 4815", "{'cvv': 4815}", 'user_pin="481516"', "otp=481516"]
KEYS = [  # of providers; put together here, since scanners look into this file, too
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ASIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "SyA0123456789abcdefghijklmnopqrstuv",
    "ya29." + "a0AfH6SMBx0123456789abcdef",
    "GOCSPX-" + "0123456789abcdefghijklmnop",
    "aB1" + "8Q~" + "0123456789abcdefghijABCDEFGHIJklm",
    "SharedAccessKey=" + "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=",
    "dop_v1_" + "0123456789abcdef" * 4,
    "hvs." + "CAESIJ0123456789abcdefghijkl",
    "github_pat_" + "11ABCDEFG0123456789abcdef",
    "gho_" + "0123456789abcdefghijklmnopqrstuvwxyz",
    "glrt-" + "0123456789abcdefghij",
    "pypi-" + "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwMDAwMA",
    "npm_" + "0123456789abcdefghijklmnopqrstuvwxyz",
    "dckr_pat_" + "0123456789abcdefghij_-0123",
    "sk-ant-api03-" + "0123456789abcdefghij-AA",
    "sk-" + "0123456789abcdefghij0123",
    "dapi" + "0123456789abcdef" * 2,
    "gsk_" + "0123456789abcdefghij" * 3,
    "r8_" + "0123456789abcdefghijklmnopqrstuvwxyzA",
    "sk_live_" + "0123456789abcdefghijABCD",
    "rk_test_" + "0123456789abcdefghijABCD",
    "whsec_" + "0123456789abcdefghijABCDEFGHIJKL",
    "SG." + "0123456789abcdefghijAB" + "." + "0123456789abcdefghijABCDEFGHIJKLMNOPQRSTUVW",
    "xoxb-" + "123456789012-1234567890123-abcdefghijkl",
    "xapp-1-" + "A0123456789-0123456789-abcdef",
    "https://hooks.slack.com/services/" + "T00000000/B00000000/0123456789abcdef",
    "123456789:" + "AAabcdefghijklmnopqrstuvwxyz0123456",
    "glsa_" + "0123456789abcdefghijABCDEFGHIJKL_01234567",
    "lin_api_" + "0123456789abcdefghij" * 2,
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0" + ".dozjgNryP4J3jVmNHl0w5N",
]
HARMLESS = [
    "tokenizer = AutoTokenizer.from_pretrained('bert')",
    "max_tokens=100",
    'pad_token = "<pad>"',
    "token = get_token()",
    "password = getpass.getpass()",
    "connect(password=password, token=token)",
    "n_tokens = 12345678",
    "key = 'customer_id'",
    "df['secret'].mean()",
    "see https://docs.python.org/3/library/secrets.html",
    "x = model(tokens, temperature=0.5)",
    "token = tokenizer(text)",
    "token = tokenizer2(text, 'longtextlongtext')",
    "password = getpass()",
    "password=getpass2()",
    'os.environ["API_KEY"]',
    'token = os.environ["API_KEY"]',
    'password = os.environ["DB_PASSWORD"]',
    'client = Client(api_key=os.getenv("API_KEY"), token=self.token)',
    "connect(password=config.db1.password)",
    'key="value"',
    'sort(key="customer_identifier")',
    'author = "Ada Lovelace 1815"',
    'secretary = "Ada Lovelace 1815"',
    "tokenizer = 'bert-base-uncased'",
    "max_tokens = 4096",
    "token_count=12345678",
    '"token_count": 12345678',
    "num_keys = 12345678",
    'columns = ["username", "password", "created_at"]',
    'frame.drop(columns=["token", "electricity"])',
    'headers = {"Authorization": f"Bearer {token}"}',
    'headers = {"Authorization": "Bearer " + token}',
    'password = f"{base}"',
    "model_signature = signature=infer_signature(x, y)",
    "sig=0.05",
    "auth = login(user, password)",
    "a basic classification with bearer bonds",
    "# Basic ResNet50 training",
    'parser.add_argument("--token", "--api-token", help="the token to use")',
    "use the --token option",
    "!app --token $TOKEN --password={pw}",
    "%env API_KEY",
    "pwd = os.getcwd()",
    'PWD = "/home/me/project"',
    "password_length = 12345",
    'password_file = "/run/secrets/db"',
    'eos_token = "<|endoftext|>"',
    "def login(user: str, password: str, token: str | None = None) -> None: ...",
    'if token == "electricity":',
    "db_password: str",
    "!app --max-tokens 4096 --token-type=wordpiece1",
    'api_key_env = "OPENAI_API_KEY"',
    "first_pass = 'bottom-up'",
    'class PasswordStore:\n    """Keeps them."""',
    'url = f"postgresql://{user}:{password}@db/prod"',
    'INPUT_TOKEN_KEY = "gen_ai.usage.input_tokens"',
    'api_key = "..."',
    'print("password:", len(text), "letters")',
    'print("password: " + text + "letters")',
    "pin = 17",
    "pins = 48151623",
    "mapping: 48151623",
    'key = "d41d8cd98f00b204e9800998ecf8427e"',
    'key = "123e4567-e89b-12d3-a456-426614174000"',
    'cache_key = "models/ResNet50/weights-v2-imagenet"',
    'sort_key = "customer_identifier_of_the_year_2024"',
    "commit 3f2c81d9a7b6e5f4c3d2b1a09f8e7d6c5b4a3928",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "file1:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4">',
    "sk-learn-contrib/imbalanced",
    "https://example.org/a/very/long/path/to/a/Page1.html",
]
NAMED: list[tuple[str, Any]] = [
    ("password", 12345678),
    ("password", 1234.5),
    ("password", b"letters"),
    ("password", ["one", "two"]),
    ("credentials", {"user": "me"}),
    ("api_key", "SECRETTAG123"),
    ("apiKey", "letters"),
    ("OPENAI_API_KEY", 12345678),
    ("AWSSecretKey", "letters"),
    ("db_passwd_prod", "letters"),
    ("db-password.prod", "letters"),
    ("PGPASSWORD", "letters"),
    ("pwd", "letters"),
    ("token", "letters"),
    ("token", 12345678),
    ("token_x", "letters"),
    ("hf_token", 12345678),
    ("accessToken2", "letters"),
    ("access_key_id", "letters"),
    ("AccountKey", "letters"),
    ("Authorization", "letters"),
    ("client_secret_prod", "letters"),
]
PLAIN: list[tuple[str, Any]] = [
    ("max_tokens", 4096),
    ("n_tokens", 12),
    ("n_tokens", "12"),
    ("token_count", 7),
    ("token_count", "many of them"),
    ("token_dropout", 0.1),
    ("token_dropout", "0.1"),
    ("image_token", 32000),
    ("pad_token", "[PAD]"),
    ("eosToken", "</s>"),
    ("pad_token_id", 0),
    ("token_type", "wordpiece"),
    ("num_keys", 3),
    ("num_api_keys", 3),
    ("key", "value"),
    ("keyboard", "value"),
    ("tokenizer", "bert-base-uncased"),
    ("author", "Ada"),
    ("authored", 1815),
    ("secretary", "Ada"),
    ("password_length", 12),
    ("use_password", True),
    ("password", None),
    ("first_pass", "bottom-up"),
]
LONG = [
    "a" * 10**6 + " password",
    "password " * 10**5,
    "password=" * 10**5,
    "password='" * 10**5,
    'password="""\'' * 10**4 * 7,
    "password = (" * 10**5,
    "password = ['a'," + "'a'," * 10**5,
    "password" + " " * 10**6 + "x",
    "password: " + "a " * 10**5 * 5,
    'password = "' + "\\" * 10**6,
    'token = "' + "a\\'" * 10**5 * 3,
    "passwor" * 10**5 + "-password",
    "pass_" * 10**5 + "pass word",
    "(" * 10**6 + "password",
    "( " * 10**5 * 5 + "password",
    "a." * 10**5 * 5 + "password://",
    "a://" * 10**5,
    "eyJ-" * 10**5,
    "eyJaaaaaaaaa." * 10**5,
    "authorization " * 10**5,
    "Auth(" * 10**5,
    "auth=(a, " * 10**5,
    "bearer " * 10**5,
    "bearer " + "a" * 10**6,
    "&x-amz-" * 10**5 + "sig=",
    "-----BEGIN PRIVATE KEY-----" * 10**4,
    "aPassword" * 10**5 + " = 'letters'",
    "sig=" * 10**5 + "%env " * 10**5 + "password",
    "--token " * 10**5,
    "--token abcdef " * 10**4 * 6,
    "password='" + "password=\\'" * 10**5 + "\n",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_hidden(text: str):
    assert STAND_IN.search(redact(text))


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_with_a_telling_name_is_hidden(text: str):
    assert "4815" not in redact(text)


@pytest.mark.parametrize("key", KEYS)
def test_the_key_of_a_provider_is_hidden_whatever_stands_around_it(key: str):
    for text in (key, f"x = '{key}'", f"Using {key}.", f"<td>{key}</td>"):
        assert key[-16:] not in redact(text)


@pytest.mark.parametrize("text", PLANTED)
def test_nothing_of_a_secret_is_left(text: str):
    shown = redact(text)
    assert STAND_IN.search(shown)
    assert "plAnted" not in shown


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_a_value_with_a_secret_name_is_hidden_whatever_it_is(name: str, value: Any):
    assert STAND_IN.fullmatch(as_scalar(name, value))


@pytest.mark.parametrize(("name", "value"), PLAIN)
def test_a_value_with_a_plain_name_stays(name: str, value: Any):
    assert as_scalar(name, value) == value


def test_a_secret_in_a_parameter_of_several_values_is_hidden():
    shown = as_scalar("config", {"depth": 8, "password": 12345678, "api_token": 'x"y1234567'})
    number, text = stand_in_for("12345678"), stand_in_for('x"y1234567')
    assert shown == f"{{'depth': 8, 'password': {number}, 'api_token': '{text}'}}"


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
@pytest.mark.timeout(
    120
)  # half a second on an idle machine; what grows with the square takes hours
def test_a_long_line_costs_no_more_than_its_length(text: str):
    assert len(redact(text)) > 0
    as_scalar(text[:6000], text)


@pytest.mark.parametrize("text", SECRETS + PLANTED)
def test_hiding_twice_is_hiding_once(text: str):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://me:hunter2@db/prod", "hunter2"),
        ('password = "hunter2"  # mine', "hunter2"),
        ("https://api.example.com/?api_key=a1b2c3d4e5&x=1", "a1b2c3d4e5"),
        ("PASSWORD: str = 'hunter2'  # mine", "hunter2"),
        ("password = ('hunter2', \"x\")  # mine", "hunter2"),
        ("run(auth=('me', 'hunter2'), timeout=3)", "hunter2"),
        ("!app --token=hunter2 --verbose", "hunter2"),
        ('API_TOKEN = """hunter2!"""\nx = 1', "hunter2!"),
        ("?sig=a1b2c3d4e5&se=2030", "a1b2c3d4e5"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEpA\n-----END PRIVATE KEY-----\nx = 1", "MIIEpA"),
    ],
)
def test_the_rest_of_the_line_stays(text: str, secret: str):
    shown = redact(text)
    assert secret not in shown
    assert shown.endswith(text.partition(secret)[2][-6:])


def test_people_add_their_own():
    assert add_patterns((r"ACME-\d+", "(")) == [
        "redact = '(' is no regular expression: missing ), unterminated subpattern at position 0."
    ]
    once = redact("badge ACME-1234")
    assert once == f"badge {stand_in_for('ACME-1234')}"
    add_patterns((r"[0-9a-f]", "redacted"))
    assert redact(once) == once.replace("badge", redact("badge"))
    add_patterns(())
    assert redact("badge ACME-1234") == "badge ACME-1234"


def test_tags_and_the_name_of_a_session_pass_here_too(fresh_workspace: Workspace):
    plan = Plan(name="password=hunter2", tags={"api_key": "letters"}, is_driven=True)
    recorder, _ = start(plan)
    try:
        recorder.adopt(Plan(name="PASSWORD=letters", tags={"db_passwd_prod": "letters", "a": "b"}))
        recorder.set_tag("token_x", "letters")
        recorder.log_param("password", 12345678)
    finally:
        stop()
    written = (recorder.folder / JOURNAL).read_text()
    assert "hunter2" not in written
    assert "letters" not in written
    assert "12345678" not in written
    assert '"a":"b"' in written


def test_a_secret_in_a_coloured_traceback_is_hidden():
    line = "call(password=\x1b[33m'plAnted'\x1b[39m)"
    error = json.dumps({"ename": "ValueError", "evalue": "", "traceback": [line]})
    assert "plAnted" not in Masker().mask(ERROR, error)
