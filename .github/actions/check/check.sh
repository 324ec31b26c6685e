#!/usr/bin/env bash
# What action.yml runs. Inputs are in IN_…, the rest is what a runner sets. Bash 3.2, as macOS has it.
# Whatever happens, the outputs are set, and the exit status is that of kerasdiff check.
set -euo pipefail
unset CDPATH

status=3 # no answer: what an end at an unexpected place means
token=""
work=""

finish() {
    local failed=true json="" markdown=""
    if [ -n "$token" ]; then printf '::%s::\n' "$token"; fi
    if [ "$status" = 0 ]; then failed=false; fi
    if [ -s "$work/report.json" ]; then json="$work/report.json"; fi
    if [ -s "$work/report.md" ]; then markdown="$work/report.md"; fi
    printf '%s\n' "exit-status=$status" "failed=$failed" "report=$json" "markdown=$markdown" >>"$GITHUB_OUTPUT"
    exit "$status"
}
trap finish EXIT

# One line as an error annotation; what a runner would unescape is escaped.
annotate() {
    local text="${1//'%'/%25}"
    text="${text//$'\r'/%0D}"
    printf '::error title=kerasdiff::%s\n' "${text//$'\n'/%0A}"
}

refuse() {
    status=$1
    annotate "$2"
    exit "$status"
}

# The user's paths and pip settings must not lead into, or out of, an environment that isn't theirs; an index may stay.
apart() {
    env -u PYTHONPATH -u PYTHONHOME -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PIP_USER -u PIP_CONSTRAINT -u PIP_REQUIREMENT \
        -u PIP_REQUIRE_HASHES -u PIP_NO_DEPS -u PIP_NO_BUILD_ISOLATION -u PIP_DRY_RUN -u PIP_PYTHON "$@"
}

# A Python that kerasdiff runs in; it needn't be the one that is checked.
host() {
    local candidate
    for candidate in python3 python python3.14 python3.13 python3.12 python3.11 python3.10 \
        "${RUNNER_TOOL_CACHE:-}"/Python/3.*/*/bin/python3 "${RUNNER_TOOL_CACHE:-}"/Python/3.*/*/python.exe; do
        if apart "$candidate" -I -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
            printf '%s' "$candidate"
            return
        fi
    done
    return 1
}

interpreter() {
    if [ -f "$1/Scripts/python.exe" ]; then printf '%s' "$1/Scripts/python.exe"; else printf '%s' "$1/bin/python"; fi
}

pip() {
    apart "$(interpreter "$1")" -I -m pip install --quiet --disable-pip-version-check "${@:2}"
}

# An environment of kerasdiff's own, made once a job. Its marker comes last, so half an environment is made again.
install() {
    local home="$RUNNER_TEMP/kerasdiff-action" source="$GITHUB_ACTION_PATH/../../.." base
    if [ "$(cat "$home/made-from" 2>/dev/null)" != "$GITHUB_ACTION_PATH" ]; then
        base=$(host) || refuse 3 "no Python 3.10 or newer with venv to run kerasdiff in; add actions/setup-python before this step"
        rm -rf "$home"
        { apart "$base" -I -m venv "$home" &&
            pip "$home" --require-hashes --requirement "$GITHUB_ACTION_PATH/requirements.txt" &&
            pip "$home" --no-deps --no-build-isolation "$source"; } || # what builds it is in the requirements
            refuse 3 "kerasdiff can't be installed from its checkout, see the lines above"
        printf '%s\n' "$GITHUB_ACTION_PATH" >"$home/made-from"
    fi
    python=$(interpreter "$home")
}

work=$(mktemp -d "$RUNNER_TEMP/kerasdiff.XXXXXX")
case "$IN_SUMMARY" in
true | false) ;;
*) refuse 2 "summary is neither true nor false" ;;
esac
install
case "$IN_DIRECTORY" in
/* | [A-Za-z]:*) folder=$IN_DIRECTORY ;;
*) folder=./$IN_DIRECTORY ;; # cd takes - and ~ for something else
esac
cd "$folder" 2>/dev/null || refuse 2 "working-directory: no such folder below the workspace"

export MSYS2_ARG_CONV_EXCL="--output=" # Git's bash on Windows takes FORMAT:FILE for a list of paths
# Each value is joined to its option, and the baseline comes after --: none can pass for an option.
arguments=(check --output=github:- "--output=json:$work/report.json" "--output=markdown:$work/report.md")
if [ -n "$IN_PYTHON" ]; then
    arguments+=("--python=$IN_PYTHON")
elif [ -z "$IN_FINGERPRINT" ]; then
    # By its path: a folder called python, as many a project has, is none.
    found=$(type -P python || type -P python3) || refuse 2 "no python on PATH; give the input python"
    arguments+=("--python=$found")
fi
if [ -n "$IN_FINGERPRINT" ]; then arguments+=("--fingerprint=$IN_FINGERPRINT"); fi
if [ -n "$IN_POLICY" ]; then arguments+=("--policy=$IN_POLICY"); fi
if [ -n "$IN_FAIL_ON" ]; then arguments+=("--fail-on=$IN_FAIL_ON"); fi
if [ -n "$IN_MODEL" ]; then arguments+=("--model=$IN_MODEL"); fi
if [ -n "$IN_PIPELINE" ]; then arguments+=("--pipeline=$IN_PIPELINE"); fi
if [ -n "$IN_PATH" ]; then arguments+=("--path=$IN_PATH"); fi
if [ -n "$IN_SARIF" ]; then arguments+=("--output=sarif:$IN_SARIF"); fi
if [ -n "$IN_JUNIT" ]; then arguments+=("--output=junit:$IN_JUNIT"); fi
if [ -n "$IN_JSON" ]; then arguments+=("--output=json:$IN_JSON"); fi
if [ -n "$IN_BASELINE" ]; then arguments+=(-- "$IN_BASELINE"); fi

# A runner obeys commands anywhere in a line that is printed, and messages quote files and fingerprints: only the
# annotations, which are escaped, may be heard. -I: no module of the project passes for one of kerasdiff's.
token=$("$python" -I -c 'import secrets; print(secrets.token_hex(16))')
token=${token%$'\r'}
printf '::stop-commands::%s\n' "$token"
set +e
"$python" -I -X utf8 -m kerasdiff "${arguments[@]}" 2>&1 >"$work/annotations" </dev/null | tee "$work/log"
status=${PIPESTATUS[0]}
set -e
printf '::%s::\n' "$token"
token=""

cat "$work/annotations"
if [ ! -s "$work/annotations" ] && [ "$status" != 0 ]; then annotate "$(tail -n 1 "$work/log")"; fi
if [ "$IN_SUMMARY" = true ] && [ -s "$work/report.md" ]; then cat "$work/report.md" >>"$GITHUB_STEP_SUMMARY"; fi
