"""What `sam build` makes: one artefact for all functions of the same code, with or without the uv builder."""

from tests.support.template import ROOT, functions, resources


def test_functions_of_the_same_code_are_one_artefact() -> None:
    # sam builds once for those that agree in all of these: samcli.lib.build.build_graph.FunctionBuildDefinition.
    builds = {
        (function["CodeUri"], function["Runtime"], str(function["Architectures"]), str(body.get("Metadata")))
        for function, body in zip(functions().values(), resources("AWS::Serverless::Function").values(), strict=True)
    }

    assert [build[0] for build in builds] == ["src/functions/"]


def test_the_way_back_from_the_uv_builder_is_to_delete_its_lines() -> None:
    # It is a preview. Without these lines, each a whole entry, sam takes pip: docs/unverified-on-aws.md.
    lines = [line for line in (ROOT / "template.yaml").read_text().splitlines() if "python-uv" in line]

    assert lines == ["    Metadata: { BuildMethod: python-uv }"] * len(functions())
    assert all(
        body["Metadata"] == {"BuildMethod": "python-uv"} for body in resources("AWS::Serverless::Function").values()
    )
