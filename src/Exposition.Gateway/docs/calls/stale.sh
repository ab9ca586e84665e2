#!/bin/sh
# "Why is this value still there?": when the group was pushed to last, what was refused since, when it expires, and what to do.
#
#     stale.sh http://gateway:9091 '{job="nightly_backup"}' [LOG]
#
# LOG is a file that has the gateway's log; without it that of the systemd unit is read. CURL='curl -u user:password' logs in, METRICS is the
# URL of scrapes if that is not BASE/metrics.
set -u
base=${1:?usage: stale.sh http://gateway:9091 SELECTOR [LOG]}
selector=${2:?usage: stale.sh http://gateway:9091 SELECTOR [LOG]}
base=${base%/}
curl=${CURL:-curl}
log() { if [ -n "$1" ]; then cat "$1"; else journalctl -q -n 100000 -u prometheus-pushgateway; fi; }

groups=$($curl -fsSG "$base/api/v1/groups" --data-urlencode "match[]=$selector" -d sort=pushed -d dir=asc -d limit=10) || exit 1
times=$($curl -fsSG "${METRICS:-$base/metrics}" --data-urlencode "match[]=$selector") || exit 1
status=$($curl -fsS "$base/api/v1/status") || exit 1

echo "== The groups that match, the oldest push first"
printf '%s\n' "$groups" | awk '
    function text(line, name,   at, rest) {                 # A value that is a string; quotes inside of it are escaped.
        if (!(at = index(line, "\"" name "\":\""))) return ""
        rest = substr(line, at + length(name) + 4)
        match(rest, /^([^"\\]|\\.)*/)
        rest = substr(rest, 1, RLENGTH); gsub(/\\"/, "\"", rest); gsub(/\\u003c/, "<", rest); gsub(/\\u003e/, ">", rest)
        gsub(/\\u0026/, "\\&", rest); gsub(/\\\\/, "\\", rest)
        return rest
    }
    function part(line, name, close_,   at, rest) {         # An object of strings, or a list of them.
        if (!(at = index(line, "\"" name "\":"))) return ""
        rest = substr(line, at + length(name) + 3)
        return substr(rest, 1, index(rest, close_))
    }
    { gsub(/\{"id":"[^"]*","labels":/, "\n&"); n = split($0, one, "\n")
      for (i = 2; i <= n; i++) {
          pushed = text(one[i], "push_time"); failed = text(one[i], "push_failure_time"); ends = text(one[i], "expires_at"); rule = text(one[i], "expiry_rule")
          print part(one[i], "labels", "}") "  " part(one[i], "states", "]")
          print "    last good push " (pushed == "" ? "never" : pushed) ", last refused push " (failed == "" ? "never" : failed)
          if (failed != "") print "    refused because: " text(one[i], "reason")
          print "    expires " (ends == "" ? "never" : ends) (rule == "" ? ", no rule is for it" : ", by " (rule == "push" ? "its last push" : "the rule " rule))
          print "    page: BASE/?group=" text(one[i], "id")
      }
      if (n < 2) print "none: it is gone here, and in Prometheus with its next scrape (below), or the labels are others" }' | sed "s|BASE/|$base/|"

echo "== How old the pushes are (now - push_time_seconds, from the scrape)"
printf '%s\n' "$times" | awk -v now="$(date +%s)" '
    /^push_time_seconds[{]/ { good[substr($1, 18)] = $NF }
    /^push_failure_time_seconds[{]/ { bad[substr($1, 26)] = $NF }
    END { for (group in good) {
              age = int(now - good[group])
              if (good[group] + 0 == 0) { print group "  NEVER a good push: all were refused, and nothing of them is shown; see the call 400"; continue }
              printf "%s %d s (%.1f h)", group, age, age / 3600
              if (group in bad && bad[group] + 0 > good[group] + 0) print "  REFUSED since: the old values stay until a push is taken; see the call 400"
              else if (age > 3600) print "  OLD: the job does not run, or pushes to a group with other labels"
              else print "  NEW: the job itself pushes this value"
          } }'

echo "== Who scrapes (what is gone here is gone there after the next one)"
printf '%s\n' "$status" | sed -n 's/.*"scrapers":\(\[[^]]*\]\).*/\1/p'

echo "== In the log"
job=$(printf '%s' "$selector" | sed -n 's/.*job="\([^"]*\)".*/\1/p')
log "${3:-}" | grep -F "${job:-$selector}" | grep -v 'msg=request ' | tail -n 3

echo "== What to do"
echo "nobody needs it any more: curl -X DELETE its path (the group's page has the command to copy)"
echo "it should go by itself:   --push.expire-after='$selector=26h', or the header Exposition-Expire-After of its pushes"
