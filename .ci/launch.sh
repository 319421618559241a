# What the commands in bin/ share (POSIX sh, sourced with imsgw_root set): decide in a few milliseconds whether
# <checkout>/.venv is what today's setup.cfg asks for, and hand over to .ci/bootstrap.py when it is not.
#
# Every name starts with imsgw_: sh writes back to a variable it inherited, so a plain name such as "root" could
# change what the child processes of the gateway see in their environment.

# The exact inputs .venv is made from. bootstrap.py writes the same bytes into the stamp. The resolved path of the
# interpreter stands for its version: it changes when the system moves to another Python.
imsgw_inputs() {
    printf 'imessage-gateway .venv, format 1\nroot %s\npython %s\n' \
        "$imsgw_root" "$(readlink -f "$imsgw_root/.venv/bin/python")"
    cat "$imsgw_root/setup.cfg" "$imsgw_root/.ci/constraints.txt"
}

# Is .venv ready for level $1 (runtime, agents or test)?
imsgw_ready() {
    [ -x "$imsgw_root/.venv/bin/python" ] && [ -f "$imsgw_root/.venv/stamp.$1" ] &&
        imsgw_inputs 2>/dev/null | cmp -s - "$imsgw_root/.venv/stamp.$1"
}

# Print the first interpreter that is new enough; otherwise fail after saying on stderr, as command $1, what was seen.
# The one in .venv comes first: a service started with a bare PATH can then still update itself.
imsgw_find_python() {
    imsgw_seen=
    for imsgw_name in "$imsgw_root/.venv/bin/python" python3 python3.14 python3.13 python3.12 python3.11; do
        imsgw_path=$(command -v "$imsgw_name" 2>/dev/null) || continue
        # Without the developer tools Apple's python3 is a placeholder that opens a window instead of answering.
        if [ "$imsgw_path" = /usr/bin/python3 ] && [ "$(uname -s)" = Darwin ] &&
            ! xcode-select -p >/dev/null 2>&1; then
            imsgw_seen="$imsgw_seen
    $imsgw_path: Apple's placeholder, nothing installed"
            continue
        fi
        imsgw_version=$("$imsgw_path" -I -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' \
            2>/dev/null </dev/null) || imsgw_version='does not start'
        case $imsgw_version in
        3.1[1-9].* | 3.[2-9][0-9].*)
            printf '%s\n' "$imsgw_path"
            return 0
            ;;
        esac
        imsgw_seen="$imsgw_seen
    $imsgw_path: $imsgw_version"
    done
    cat >&2 <<END
$1: needs Python 3.11 or newer on PATH. Found:${imsgw_seen:- no python3 at all}
    Debian, Ubuntu: apt install python3 python3-venv
    macOS: brew install python@3.13, or the installer from python.org
END
    return 1
}

# Return when .venv is ready for level $2; otherwise end with the reason already said. $1 names the command.
imsgw_prepare() {
    imsgw_ready "$2" && return 0
    imsgw_python=$(imsgw_find_python "$1") || exit 1
    "$imsgw_python" -I "$imsgw_root/.ci/bootstrap.py" "$1" "$2" "$imsgw_root" "$imsgw_python" </dev/null || exit $?
}
