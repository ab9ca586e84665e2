#!/bin/sh
# "Is it full?": what is near its limit, what was refused for that, who takes the room, and what to do.
#
#     full.sh http://gateway:9091 [LOG]
#
# LOG is a file that has the gateway's log; without it that of the systemd unit is read. CURL='curl -u user:password' logs in, METRICS is the
# URL of the gateway's own metrics if that is not BASE/metrics.
set -u
base=${1:?usage: full.sh http://gateway:9091 [LOG]}
base=${base%/}
curl=${CURL:-curl}
log() { if [ -n "$1" ]; then cat "$1"; else journalctl -q -n 100000 -u prometheus-pushgateway; fi; }

status=$($curl -fsS "$base/api/v1/status") || exit 1
metrics=$($curl -fsS "${METRICS:-$base/metrics}" | grep -E '^(pushgateway_limit|process_(resident_memory_bytes|memory_limit_bytes))') || exit 1
newest=$($curl -fsS "$base/api/v1/groups?sort=pushed&dir=desc&limit=3") || exit 1
largest=$($curl -fsS "$base/api/v1/groups?sort=size&dir=desc&limit=3") || exit 1
shown() { awk '{ gsub(/\{"id":"[^"]*","labels":/, "\n&"); n = split($0, one, "\n")
    for (i = 2; i <= n; i++) { match(one[i], /"labels":\{[^}]*\}/); labels = substr(one[i], RSTART + 9, RLENGTH - 9)
        match(one[i], /"bytes":[0-9]+/); print labels "  " substr(one[i], RSTART + 8, RLENGTH - 8) " bytes" } }'; }

echo "== Conditions that hold ($base/status)"
printf '%s\n' "$status" | awk '{ gsub(/\{"type":/, "\n&"); n = split($0, one, "\n"); if (n < 2) print "none"
    for (i = 2; i <= n; i++) { match(one[i], /"type":"[^"]*"/); type = substr(one[i], RSTART + 8, RLENGTH - 9)
        match(one[i], /"message":"([^"\\]|\\.)*"/); print type ": " substr(one[i], RSTART + 11, RLENGTH - 12) } }'

echo "== Limits of which half is in use, or that have refused something"
printf '%s\n' "$metrics" | awk -F'["} ]+' '
    /^pushgateway_limit[{]/ { most[$2] = $3 }
    /^pushgateway_limit_usage[{]/ { used[$2] = $3 }
    /^pushgateway_limit_refusals_total[{]/ { refused[$2] = $3 }
    END { for (limit in most) if (limit !~ /-(rate|timeout)$/ && (most[limit] > 0 && used[limit] >= most[limit] / 2 || refused[limit] > 0)) {
              any = 1
              part = 0
              if (most[limit] > 0) part = 100 * used[limit] / most[limit]
              printf "%3d %%  %s: %.0f of %.0f, refused %d  (--limit.%s)\n", part, limit, used[limit], most[limit], refused[limit], limit
          }
          if (!any) print "none: it is not full" }' | sort -rn
printf '%s\n' "$metrics" | grep '^process_'

echo "== The newest groups (a label that is new with each push is a mistake in the path)"
printf '%s\n' "$newest" | shown
echo "== The largest groups"
printf '%s\n' "$largest" | shown

echo "== In the log: who was refused by a limit"
log "${2:-}" | grep -E 'msg="refused by a limit"|status=(413|429|507)' | tail -n 3

echo "== What to do"
echo "groups:        take the label that is new each time out of the path; delete what is not needed (/api/v1/admin/groups); --push.expire-after"
echo "stored-bytes:  the same, or raise --limit.stored-bytes and the container's memory together"
echo "connections, scrapes, inflight-bytes, held-bytes: too many clients, or slow ones; .data.scrapers of /api/v1/status names the scrapers"
