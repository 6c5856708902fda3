"""The text of cells as it is stored: no secrets, no home folder, no personal names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from datalab_workspace.history.cells.privacy import masked
from datalab_workspace.live.transport.token import Token, note_use

SECRET = "hunter2-f00d"


@pytest.mark.parametrize(
    "text",
    [
        "password = 'SECRET'",
        "db_password: str = 'SECRET'",
        "user, passwd = 'anna', 'SECRET'",
        "self.api_key = 'SECRET'",
        "os.environ['GITHUB_TOKEN'] = 'SECRET'",
        "options = {'secret': 'SECRET', 'n': 1}",
        "connect(url, token='SECRET')",
        "connect('http://127.0.0.1:8080', 'SECRET')",
        "login('anna', 'SECRET')",
        "set_password('SECRET')",
        "headers.setdefault('token', 'SECRET')",
        "def read(path, *, credentials='SECRET'): pass",
        "def read(path, password='SECRET'): pass",
        "token = f'Bearer {SECRET}'",
        "token = 'abc' + 'SECRET'",
        "token = 'SECRET'.strip()",
        "key = b'SECRET'",
        "token = str('SECRET')",
        "if token == 'SECRET': pass",
        "if (secret := 'SECRET'): pass",
        "passwords = ['a', 'SECRET']",
        "f(auth=('anna', 'SECRET'))",
        "# password: SECRET",
        "x = 1  # token=SECRET",
        "x = 'http://anna:SECRET@host/'",
        "%env API_KEY=SECRET",
        "%env API_KEY=SECRET\nx = 1",
        "!curl -H 'Authorization: Bearer SECRET' http://host",
        "!mysql --password=SECRET",
        "%%bash\nexport TOKEN=SECRET",
        "%%time\npassword = 'SECRET'",
        "await connect(url, token='SECRET')",
        "this is not Python; password = 'SECRET'",
        "π = 'é'; token = 'SECRET'",
        "token = '''SECRET\nsecond line'''",
        "db_pass = 'SECRET'; pw = 'SECRET'; my_token_str = 'SECRET'",
        "passwort = 'SECRET'; mot_de_passe = 'SECRET'; creds = ('anna', 'SECRET')",
        "client('s3', aws_access_key_id='SECRET', aws_secret_access_key='SECRET')",
        "config = [('token', 'SECRET')]; setattr(config, 'token', 'SECRET')",
        "login('SECRET')",
        "for token in ['SECRET']: pass",
        "match token:\n    case 'SECRET': pass",
        "token[0] = 'SECRET'",
        "text = 'host=h password=SECRET user=u'",
        "text = 'Server=h;Uid=u;Pwd=SECRET;'",
        'json.loads(\'{"token": "SECRET"}\')',
        'json.loads("{\\"token\\": \\"SECRET\\"}")',
        'yaml.safe_load("""\npassword: SECRET\n""")',
        "get('https://host/x?a=1&api_key=SECRET&b=2')",
        "get('https://host/x?X-Amz-Signature=SECRET')",
        "post('https://hooks.slack.com/services/T0/B0/SECRET')",
        "x = '''-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END '''",
        "headers = {'Cookie': 'SECRET'}",
        "%env API_KEY SECRET",
        "!curl -u anna:SECRET http://host",
        "!mysql -u anna -pSECRET",
        "!sshpass -p SECRET ssh host",
        "token = 'SECRET'\nprint('SECRET', f'-{x}-SECRET-', b'SECRET')",
        "print(f'{connect(password=b\"SECRET\")}', 'SECRET'); token = 'SECRET'",
        "open('https://host/SECRET/'); secret = 'SECRET'",
    ],
)
def test_a_secret_is_not_stored(text: str) -> None:
    stored = masked(text.replace("SECRET", SECRET))

    assert stored is not None
    assert SECRET not in stored
    assert "<hidden>" in stored


@pytest.mark.parametrize(
    "text",
    [
        "n_tokens = 512",
        "token = os.environ['TOKEN']",
        "password = getpass.getpass('Password: ')",
        "rows.sort(key=lambda row: row['time'])",
        "keyboard = 'qwerty'",
        "f = butter(3, low_pass='x', high_pass='y', bypass='z')",
        "for key in ['a', 'b']: pass",
        "f'token={token} and password: {password!r}'",
        "title = 'Token: ' + name",
        "text = 'token=%s' % token",
        "x = {'a': 1}['a']",
        "n.y = np.clip(n.y, 0.0, None)  # no negative values",
        "%%time\n%matplotlib inline\nx = '100 %'",
        "text = '''\n%time is not a magic here\n'''",
    ],
)
def test_other_texts_are_stored_as_they_are(text: str) -> None:
    assert masked(text) == text


def test_what_is_hidden_leaves_valid_code() -> None:
    stored = masked("π = 'é'; token = 'f00d'; d = {'secret': 'x', 'n': 'y'}")

    assert stored is not None
    assert ast.unparse(ast.parse(stored)).splitlines() == [
        "π = 'é'",
        "token = '<hidden>'",
        "d = {'secret': '<hidden>', 'n': 'y'}",
    ]


def test_a_string_that_may_mean_something_else_stays() -> None:
    text = "key = 'signal'; token = 'data'; list(kind='signal', what='data')"

    assert masked(text) == (
        "key = '<hidden>'; token = '<hidden>'; list(kind='signal', what='data')"
    )


def test_home_folder_user_and_computer_are_not_stored(anna: Path) -> None:
    text = (
        f"a = workspace.load('{anna}/raw.h5')\n"
        f"b = open(r'{anna}')  # Anna's file on lab-seven\n"
        "c = '/data/anna/run.csv', 'lab-seven.example.org', f'{a}/anna/{b}'\n"
    )

    assert masked(text) == (
        "a = workspace.load('~/raw.h5')\n"
        "b = open(r'~')  # <user>'s file on <host>\n"
        "c = '/data/<user>/run.csv', '<host>', f'{a}/<user>/{b}'\n"
    )


def test_names_of_variables_stay(anna: Path) -> None:
    assert masked("anna = 1; savanna = anna") == "anna = 1; savanna = anna"
    assert masked(f"x = '{anna}-old'") == "x = '" + f"{anna}-old'".replace(
        "anna", "<user>"
    )


def test_a_cell_with_the_token_of_a_datalab_is_not_kept() -> None:
    note_use(Token("t0ken-of-a-window"))

    assert masked("x = 't0ken-of-a-window'") is None
    assert masked("x = 'another string'") == "x = 'another string'"


def test_a_token_that_is_part_of_most_texts_keeps_no_cell_out() -> None:
    note_use(Token("t"))

    assert masked("x = 'a text'") == "x = 'a text'"
