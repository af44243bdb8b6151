"""What lies in `deploy/` fits its formats and holds together; nginx's file is tested by nginx."""

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from assistant.settings import PREFIX, Settings
from eval.bench import sizing
from tests.source import ROOT

DEPLOY = ROOT / "deploy"
MANIFESTS = [
    one
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(file.read_text("utf-8"))
]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["kind"])
def test_each_manifest_is_what_kubernetes_takes(manifest: dict[str, Any]) -> None:
    """The schema of a current Kubernetes knows every field, and one that it does not know fails."""
    kubernetes_validate.validate(manifest, "1.30", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**manifest, "sepc": {}}, "1.30", strict=True)


def test_pods_may_do_no_more_than_they_need() -> None:
    """No pod is root, writes to its own image, or has no limit to its memory."""
    found = [one["spec"]["template"]["spec"] for one in MANIFESTS if _has_pod(one)]
    assert len(found) == 2
    for pod in found:
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def _has_pod(manifest: dict[str, Any]) -> bool:
    return "template" in manifest.get("spec", {})


def test_what_manifests_name_is_there() -> None:
    """Selectors find the pods, the service its port, and claims are made here or by hand."""
    by_kind = {one["kind"]: one for one in MANIFESTS}
    labels = by_kind["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    (container,) = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {port["name"] for port in container["ports"]} == {"http"}
    assert by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "footnote"


def test_every_setting_in_deploy_is_a_setting() -> None:
    """A misspelt variable would keep the server from starting, so none is."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    named = {
        name
        for file in DEPLOY.rglob("*")
        if file.is_file()
        for name in re.findall(r"(?m)^[^#\n]*?\b(FOOTNOTE_\w+)[:=]", file.read_text("utf-8"))
    }
    assert {"FOOTNOTE_INDEX", "FOOTNOTE_CONVERSATIONS_URL", "FOOTNOTE_CACHE_DIR"} <= named
    assert named <= known


def test_the_compose_file_holds_together() -> None:
    """What its services depend on, mount and join is declared; replicas read and do not write."""
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        named = [one.partition(":")[0] for one in service.get("volumes", ())]
        assert {one for one in named if one[0] not in "./$"} <= set(COMPOSE["volumes"])
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
    for replica in ("replica-1", "replica-2"):
        assert services[replica]["read_only"]
        assert services[replica]["volumes"] == ["index:/index:ro"]
        assert f"server {replica}:8000 " in (DEPLOY / "nginx.conf").read_text("utf-8")


def test_images_come_from_stages_that_are_there() -> None:
    """Every stage that is copied from or built on comes before, and what runs is not root."""
    stages: list[str] = []
    for line in CONTAINERFILE.splitlines():
        if copied := re.match(r"COPY --from=(\S+)", line):
            assert copied[1] in stages
        if begun := re.match(r"FROM (\S+) AS (\S+)", line):
            assert ":" in begun[1] or begun[1] in stages
            stages.append(begun[2])
    assert stages[-2:] == ["build", "serve"]
    assert re.search(r"^USER 10001:10001$", CONTAINERFILE, re.MULTILINE)
    serving = CONTAINERFILE.partition("AS serve-packages")[2].partition("\nFROM")[0]
    assert "build" not in serving
    assert "torch" not in serving


def test_the_sizing_page_has_what_the_script_prints() -> None:
    """Each row of its tables is computed from the measured figures, and no other is there."""
    page = (ROOT / "docs" / "sizing.md").read_text("utf-8")
    assert "\n".join(sizing.by_index(sizing.Measured())) in page
    assert "\n".join(sizing.by_machine(sizing.Measured())) in page
    measured = sizing.Measured()
    small, large = measured.questions_a_core()
    more = measured.large_search_ms - measured.small_search_ms
    assert f"**{small:.0f} questions/s a core**" in page
    assert f"search takes {more:.1f} ms more: {large:.0f}." in page
