import gzip
from pathlib import Path

import pytest
from werkzeug import Request, Response

from poller_local.client import PollerClient
from poller_local.errors import DownloadFailed
from tests.support.fake_api import JOB, FakeApi, FakeTime

CONTENT = gzip.compress(b'{"id": 1}\n{"id": 2}\n', mtime=0)


def test_objects_arrive_byte_by_byte_under_their_own_names(api: FakeApi, client: PollerClient, tmp_path: Path):
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT)], [api.stores(f"orders/{JOB}/b.jsonl.gz", b"")])

    paths = client.download(JOB, tmp_path / "new" / "folder")

    assert [path.name for path in paths] == ["a.jsonl.gz", "b.jsonl.gz"]
    assert [path.read_bytes() for path in paths] == [CONTENT, b""]
    assert sorted(paths) == sorted((tmp_path / "new" / "folder").iterdir())


def test_gzip_stays_gzip_whatever_s3_says_of_its_encoding(api: FakeApi, client: PollerClient, tmp_path: Path):
    key = f"orders/{JOB}/a.jsonl.gz"
    api.server.expect_oneshot_request(f"/dataset/{key}").respond_with_data(
        CONTENT, headers={"Content-Encoding": "gzip"}
    )
    api.lists([api.stores(key, CONTENT)])

    (path,) = client.download(JOB, tmp_path)

    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [{"Sha256": "0" * 64}, {"Size": 1}])
def test_bytes_that_are_not_the_stored_ones_are_a_loud_error(
    api: FakeApi, client: PollerClient, tmp_path: Path, wrong: dict[str, object]
):
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT, **wrong)])

    with pytest.raises(DownloadFailed, match="came damaged"):
        client.download(JOB, tmp_path)

    assert not list(tmp_path.iterdir())


def test_another_jobs_object_is_neither_replaced_nor_mixed_with(api: FakeApi, client: PollerClient, tmp_path: Path):
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT)])
    (tmp_path / "same").mkdir()
    (tmp_path / "same" / "a.jsonl.gz").write_bytes(b"another job's")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.jsonl.gz").write_bytes(b"another job's")

    with pytest.raises(
        DownloadFailed, match=r"a\.jsonl\.gz is there already and not of this job; give --download a fol"
    ):
        client.download(JOB, tmp_path / "same")
    with pytest.raises(DownloadFailed, match=r"1 of another job beside them, b\.jsonl\.gz for one"):
        client.download(JOB, tmp_path / "more")

    assert (tmp_path / "same" / "a.jsonl.gz").read_bytes() == b"another job's"


def test_another_job_s_tables_are_no_part_of_this_one(api: FakeApi, client: PollerClient, tmp_path: Path):
    api.lists([api.stores(f"orders/{JOB}/a.csv.gz", CONTENT)])
    (tmp_path / "b.csv.gz").write_bytes(b"another job's")

    with pytest.raises(DownloadFailed, match=r"1 of another job beside them, b\.csv\.gz for one"):
        client.download(JOB, tmp_path)


def test_a_second_download_fetches_only_what_is_missing(api: FakeApi, client: PollerClient, tmp_path: Path):
    contents = {"a.jsonl.gz": b"first", "b.jsonl.gz": b"other", "c.jsonl.gz": b"third"}
    api.lists([api.stores(f"orders/{JOB}/{name}", content) for name, content in contents.items()])
    client.download(JOB, tmp_path)
    (tmp_path / "b.jsonl.gz").unlink()
    (tmp_path / "c.jsonl.gz").unlink()
    api.server.clear_log()

    client.download(JOB, tmp_path)

    fetched = [request.path.rpartition("/")[2] for request, _ in api.server.log if "/dataset/" in request.path]
    assert fetched == ["b.jsonl.gz", "c.jsonl.gz"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == contents


def test_a_transfer_that_breaks_off_is_repeated(api: FakeApi, client: PollerClient, tmp_path: Path, time: FakeTime):
    key = f"orders/{JOB}/a.jsonl.gz"
    for _ in range(2):
        # More is announced than sent.
        api.server.expect_oneshot_request(f"/dataset/{key}").respond_with_handler(
            lambda _request: Response(iter([CONTENT[:5]]), headers={"Content-Length": str(len(CONTENT))})
        )
    api.lists([api.stores(key, CONTENT)])

    (path,) = client.download(JOB, tmp_path)

    assert path.read_bytes() == CONTENT
    assert time.slept == [0.5, 2.0]


def test_a_transfer_that_keeps_breaking_off_leaves_nothing(api: FakeApi, client: PollerClient, tmp_path: Path):
    entry = api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT)
    api.server.expect_request("/s3-down").respond_with_data("", status=503)
    api.lists([{**entry, "Url": f"{api.url}/s3-down?X-Amz-Signature=canary"}])

    with pytest.raises(DownloadFailed, match="S3 answered 503") as failed:
        client.download(JOB, tmp_path)

    assert list(tmp_path.iterdir()) == []
    assert "canary" not in str(failed.value)


def test_an_expired_link_is_not_repeated(api: FakeApi, client: PollerClient, tmp_path: Path, time: FakeTime):
    api.server.expect_request("/expired").respond_with_data("<Error/>", status=403)
    api.lists([{**api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT), "Url": f"{api.url}/expired"}])

    with pytest.raises(DownloadFailed, match="S3 answered 403"):
        client.download(JOB, tmp_path)

    assert time.slept == []


def test_errors_never_show_the_presigned_link(api: FakeApi, client: PollerClient, tmp_path: Path, time: FakeTime):
    entry = api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT)
    api.lists([{**entry, "Url": "http://127.0.0.1:9/dataset/a?X-Amz-Signature=canary"}])

    with pytest.raises(DownloadFailed, match="broke off") as failed:
        client.download(JOB, tmp_path)

    assert "canary" not in str(failed.value)


@pytest.mark.parametrize("key", ["orders/", "orders/..", "."])
def test_a_key_that_is_no_file_name_is_refused(api: FakeApi, client: PollerClient, tmp_path: Path, key: str):
    api.lists([{**api.stores("a.jsonl.gz", CONTENT), "Key": key}])

    with pytest.raises(DownloadFailed, match="cannot be a file"):
        client.download(JOB, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_transfer_leaves_no_half_file(
    api: FakeApi, client: PollerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", CONTENT)])

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("poller_local.downloads._check_status", interrupted)

    with pytest.raises(KeyboardInterrupt):
        client.download(JOB, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_stored_bytes_are_asked_for(api: FakeApi, client: PollerClient, tmp_path: Path):
    seen: list[Request] = []
    entry = api.stores("a.jsonl.gz", CONTENT)
    api.server.expect_oneshot_request("/stored").respond_with_handler(
        lambda request: seen.append(request) or Response(CONTENT)
    )
    api.lists([{**entry, "Url": f"{api.url}/stored"}])

    client.download(JOB, tmp_path)

    assert seen[0].headers["Accept-Encoding"] == "identity"
