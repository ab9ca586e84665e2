#!/bin/sh
# "My push gets 400": who is refused, why, whether it goes on, and what to do.
#
#     400.sh http://gateway:9091 [LOG]
#
# LOG is a file that has the gateway's log; without it that of the systemd unit is read. CURL='curl -u user:password' logs in, METRICS is the
# URL of the gateway's own metrics if that is not BASE/metrics, SECONDS_APART the time between two looks (5).
set -u
base=${1:?usage: 400.sh http://gateway:9091 [LOG]}
base=${base%/}
curl=${CURL:-curl}
log() { if [ -n "$1" ]; then cat "$1"; else journalctl -q -n 100000 -u prometheus-pushgateway; fi; }
counted() { $curl -fsS "${METRICS:-$base/metrics}" | grep -E '^pushgateway_(pushes_refused|http_rejected)_total'; }

refusals=$($curl -fsS "$base/api/v1/refusals") || exit 1
before=$(counted) || exit 1

echo "== The last requests that were answered with 400 ($base/?view=refusals)"
printf '%s\n' "$refusals" | awk '
    function text(line, name,   at, rest) {                 # A value that is a string; quotes inside of it are escaped.
        if (!(at = index(line, "\"" name "\":\""))) return ""
        rest = substr(line, at + length(name) + 4)
        match(rest, /^([^"\\]|\\.)*/)
        rest = substr(rest, 1, RLENGTH); gsub(/\\"/, "\"", rest); gsub(/\\u003c/, "<", rest); gsub(/\\u003e/, ">", rest)
        gsub(/\\u0026/, "\\&", rest); gsub(/\\\\/, "\\", rest)
        return rest
    }
    function number(line, name) { return match(line, "\"" name "\":[0-9]+") ? substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : 0 }
    { gsub(/\{"class":/, "\n&"); n = split($0, one, "\n")
      for (i = 2; i <= n; i++) if (number(one[i], "status") == 400 && shown++ < 10) {
          from = text(one[i], "forwarded_address"); from = from == "" ? text(one[i], "remote_address") : from
          printf "%s  %d x  %s %s  from %s\n    %s: %s\n", substr(text(one[i], "last_time"), 1, 19), number(one[i], "count"), \
              text(one[i], "method"), text(one[i], "path"), from, text(one[i], "class"), text(one[i], "reason")
      } }
    END { if (!shown) print "none: the 400 comes from a proxy in between, or is older than the last 256 refusals" }'

echo "== Does it go on? (refusals by reason since the start, and in ${SECONDS_APART:-5} s)"
sleep "${SECONDS_APART:-5}"
{ printf '%s\n' "$before"; echo; counted; } | awk '
    /^$/ { later = 1; next }
    !later { old[$1] = $2; next }
    $2 > 0 { any = 1; printf "%s %d (+%d)\n", $1, $2, $2 - old[$1] }
    END { if (!any) print "nothing was refused since the start" }'

echo "== In the log (what cannot be parsed is there with --log.level=debug only)"
log "${2:-}" | grep -E 'msg="(pushed metrics are|failed to parse|refused)' | grep -E 'status=400|level=error' | tail -n 3

echo "== What to do"
case $refusals in *': pushed as '*' has '*' as '*)
    echo "inconsistent, pushed as: the family has another type in the group that the reason names: rename it, or delete that group, curl -X DELETE $base/metrics/job/..." ;;
esac
case $refusals in *'"class":"inconsistent"'*'must not have timestamps'*)
    echo "inconsistent, timestamps: push without the number behind the value" ;;
esac
case $refusals in *'"class":"malformed"'*)
    echo "malformed: mend the client where the reason points to (--data-binary in place of -d keeps line ends)" ;;
esac
case $refusals in *'"class":"path"'* | *'"class":"target"'*)
    echo "path, target: after /metrics/job/JOB come pairs /NAME/VALUE; what is empty or has a slash or a percent sign is sent as NAME@base64/VALUE" ;;
esac
echo "all: https in front and 400 without a line here is the proxy's own answer"
