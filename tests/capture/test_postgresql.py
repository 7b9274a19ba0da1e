"""What PostgreSQL's own drivers fetch of a real server."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from postgresql import Postgresql, find_programs
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.digests import RowsDigest
from nbops.journal.facts import Seen

TABLE = "create table t as select * from (values (1, 'x'), (2, 'y'), (3, 'z')) v(a, b)"
QUERY = "select a, b from t order by a"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    psycopg = pytest.importorskip("psycopg")
    if not find_programs() and not os.environ.get("NBOPS_ALL_TESTS"):
        pytest.skip("no PostgreSQL: apt install postgresql")
    with Postgresql() as server:
        address = server.uri.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address) as connection:
            connection.execute(TABLE)
        yield address


def fetched(watch: DataWatch) -> dict[str, Seen]:
    return {one.name: one for one in seen(watch).reads if one.kind == "query"}


def rows_digest(*rows: object, columns: tuple[str, ...] = ("a", "b")) -> str:
    digest = RowsDigest(columns)
    digest.add(rows)
    return digest.digest()


ALL = rows_digest((1, "x"), (2, "y"), (3, "z"))


def test_cursors_of_psycopg_tell_their_rows(watch: DataWatch, address: str):
    import psycopg

    with psycopg.connect(address) as connection:
        ways: list[Any] = [
            lambda cursor: cursor.execute(QUERY).fetchall(),
            lambda cursor: list(cursor.execute(QUERY)),
            lambda cursor: [cursor.execute(QUERY).fetchone(), *cursor.fetchmany(9)],
        ]
        for way in ways:
            with connection.cursor() as cursor:
                assert way(cursor) == [(1, "x"), (2, "y"), (3, "z")]
            (query,) = fetched(watch).values()
            assert query.uri == f"{address.replace('postgres@', '')}#{QUERY}"
            assert (query.digest, query.shape, query.columns) == (ALL, (3, 2), ("a", "b"))


def test_what_asyncpg_fetches_is_seen_however_it_is_awaited(watch: DataWatch, address: str):
    asyncpg = pytest.importorskip("asyncpg")

    async def fetch() -> None:
        connection = await asyncpg.connect(address)
        await connection.fetch(QUERY)
        await connection.fetchrow(f"{QUERY} limit 1")
        assert await connection.fetchval("select b from t where b = 'z'") == "z"
        statement = await connection.prepare("select a, b from t order by a, b")
        await statement.fetch()
        async with connection.transaction():
            async for row in connection.cursor(f"{QUERY} offset 0"):
                assert row["a"]
            cursor = await connection.cursor(f"{QUERY} offset 1")
            await cursor.fetch(1)
            await cursor.fetchrow()
        await connection.close()

    asyncio.run(fetch())
    queries = fetched(watch)
    assert {one.uri.partition("#")[0] for one in queries.values()} == {
        address.replace("postgres@", "")
    }
    assert {name: (one.digest, one.shape) for name, one in queries.items()} == {
        QUERY: (ALL, (3, 2)),
        f"{QUERY} limit 1": (rows_digest((1, "x")), (1, 2)),
        "select b from t where b = '?'": (rows_digest(("z",), columns=("fetchval",)), (1, 1)),
        "select a, b from t order by a, b": (ALL, (3, 2)),
        f"{QUERY} offset 0": (ALL, (3, 2)),
        f"{QUERY} offset 1": (rows_digest((2, "y"), (3, "z")), (2, 2)),
    }
