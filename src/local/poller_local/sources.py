"""The bodies of `poller sources …`: a client and a screen in, an exit status out."""

from collections.abc import Mapping
from typing import Any

from poller_local import tables
from poller_local.client import PollerClient
from poller_local.errors import one_line
from poller_local.jobs import Ways, follow_or_name, print_json
from poller_local.screen import Screen


def put_source(client: PollerClient, name: str, definition: Mapping[str, Any], screen: Screen) -> int:
    source = client.sources.put(name, definition)
    schedule = source.get("Schedule")
    screen.say(f"Source {name} is saved; it runs {_when(schedule)}")
    if source.get("Paused"):
        screen.note(f"It is paused; have it go on with: poller sources resume {name}")
    elif not schedule:
        screen.note(f"Run it with: poller sources run {name}")
    return 0


def list_sources(client: PollerClient, screen: Screen, *, as_json: bool) -> int:
    sources = list(client.sources.all())
    if as_json:
        print_json(sources)
    elif sources:
        tables.show_sources(screen.out, sources)
    else:
        screen.note("No sources yet; save one with: poller sources put NAME --spec FILE")
    return 0


def show_source(client: PollerClient, name: str, screen: Screen, *, as_json: bool) -> int:
    source = client.sources.source(name)
    if as_json:
        print_json(source)
        return 0
    schedule, cursor = source.get("Schedule"), source.get("Cursor")
    for label, text in (
        ("Source", source["Name"]),
        ("URL", source["Url"]),
        ("Schedule", _when(schedule) + (", paused" if source["Paused"] else "")),
        ("Overlap", source["Overlap"]),
        ("Cursor", f"{cursor['Value']}, by {cursor['JobId']} at {cursor['MovedAt']}" if cursor else "none yet"),
    ):
        screen.say(f"{label:<8} {one_line(str(text))}")
    if source["Runs"]:
        tables.show_runs(screen.out, source["Runs"])
    return 0


def run_source(client: PollerClient, name: str, range_: Mapping[str, str], screen: Screen, ways: Ways) -> int:
    """Begins a run, and follows it as `poller run` follows a job."""
    job_id = client.sources.run(name, range_)
    return follow_or_name(client, job_id, f"Job {job_id} of source {name} has begun", screen, ways)


def pause_source(client: PollerClient, name: str, screen: Screen, *, paused: bool) -> int:
    client.sources.change(name, paused=paused)
    screen.say(f"Source {name} is paused; it still runs by hand" if paused else f"Source {name} goes on")
    return 0


def reset_source(client: PollerClient, name: str, cursor: str | None, screen: Screen) -> int:
    client.sources.change(name, cursor=cursor)
    screen.say(f"The next run of source {name} begins at {'initial_value' if cursor is None else one_line(cursor)}")
    return 0


def delete_source(client: PollerClient, name: str, screen: Screen) -> int:
    screen.say(client.sources.delete(name))
    return 0


def _when(schedule: Mapping[str, Any] | None) -> str:
    if not schedule:
        return "when it is asked to"
    window = f", within {schedule['FlexibleMinutes']} min" if schedule["FlexibleMinutes"] else ""
    return one_line(f"{schedule['Expression']} {schedule['Timezone']}{window}")
