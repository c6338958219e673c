"""What `sam build` makes: one artefact for all functions of the same code, with or without the uv builder."""

from tests.support.template import functions, resources, templates


def test_functions_of_the_same_code_are_one_artefact() -> None:
    # sam builds once for those that agree in all of these: samcli.lib.build.build_graph.FunctionBuildDefinition.
    builds = {
        (
            function["CodeUri"],
            function["Runtime"],
            str(function["Architectures"]),
            str(resources("AWS::Serverless::Function")[name].get("Metadata")),
        )
        for name, function in functions().items()
    }

    assert sorted(build[0] for build in builds) == ["demo-api/src", "src/functions"]


def test_the_way_back_from_the_uv_builder_is_to_delete_its_lines() -> None:
    # It is a preview. Without these lines, each a whole entry, sam takes pip: docs/unverified-on-aws.md.
    lines = [line for path in templates() for line in path.read_text().splitlines() if "python-uv" in line]

    assert lines == ["    Metadata: { BuildMethod: python-uv }"] * len(functions())
    assert all(
        body["Metadata"] == {"BuildMethod": "python-uv"} for body in resources("AWS::Serverless::Function").values()
    )


def test_a_nested_application_gets_what_it_declares_and_gives_what_the_root_takes() -> None:
    (root, *_), nested = templates().values(), templates()
    for name, body in resources("AWS::Serverless::Application").items():
        (application,) = [each for path, each in nested.items() if str(path).endswith(body["Properties"]["Location"])]
        taken = {
            value["Fn::GetAtt"][1].removeprefix("Outputs.")
            for value in (output["Value"] for output in root["Outputs"].values())
            if "Fn::GetAtt" in value and value["Fn::GetAtt"][0] == name
        }

        assert set(body["Properties"].get("Parameters", {})) == set(application["Parameters"])
        assert taken == set(application["Outputs"])
