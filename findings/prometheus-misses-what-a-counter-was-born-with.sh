#!/usr/bin/env bash
# increase() does not see what a counter starts with: an alert on the first dead letters of a destination never fires.
#
# Seen with Prometheus 2.42.0 (Debian 12's prometheus, 2.42.0+ds-5+deb12u1; its promtool evaluates the rules).
# Many clients make a counter's series when its labels are first counted: no series, then one that stands at 3. A counter counts
# from zero, and increase() and rate() know resets, so one would guess an increase of 3. But the first sample is only where
# they start from: the increase is 0, now and later, however often the rule is evaluated. Three events that died together for
# one destination, and none after, are an alert only if the series was there at 0 before.
#
# Output seen (two counters, both at 3 from the fifth scrape on; "erp" was scraped at 0 before, "crm" had no series; the second
# test expects the alert of erp alone, at six times):
#   increase, exp: {destination="crm"} 3E+00, {destination="erp"} 3E+00
#   increase, got: {destination="crm"} 0E+00, {destination="erp"} 3E+00
#   Unit Testing:  alerts.yml
#     SUCCESS
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq prometheus=2.42.0+ds-5+deb12u1 ||
  { echo "this version can't be had any more (apt-get update first?)"; exit 2; }
dpkg-deb -x ./*.deb .
usr/bin/promtool --version 2>&1 | grep 'version 2\.42\.0' >/dev/null || { echo "promtool does not run here, or another one ran"; exit 2; }

cat >rules.yml <<'YAML'
groups:
  - name: deliveries
    rules:
      - alert: DeadLetters
        expr: increase(dead_letters_total[5m]) > 0
YAML
cat >common.yml <<'YAML'
rule_files: [rules.yml]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - series: 'dead_letters_total{destination="crm"}'
        values: '_ _ _ _ 3x20'
      - series: 'dead_letters_total{destination="erp"}'
        values: '0 0 0 0 3x20'
YAML
# What one would guess. promtool says what it got instead.
{
  cat common.yml
  cat <<'YAML'
    promql_expr_test:
      - expr: round(increase(dead_letters_total[5m]))
        eval_time: 300s
        exp_samples:
          - { labels: '{destination="crm"}', value: 3 }
          - { labels: '{destination="erp"}', value: 3 }
YAML
} >guess.yml
timeout 60 usr/bin/promtool test rules guess.yml >guess.txt 2>&1 && { echo "the increase is what one would guess"; exit 1; }
grep -E 'exp: |got: ' guess.txt | sed 's/^ */increase, /'

# The alert, at the evaluations from the fifth scrape to 4 minutes later.
{
  cat common.yml
  echo '    alert_rule_test:'
  for second in 60 75 120 180 240 300; do
    cat <<YAML
      - alertname: DeadLetters
        eval_time: ${second}s
        exp_alerts: [{ exp_labels: { destination: erp } }]
YAML
  done
} >alerts.yml
timeout 60 usr/bin/promtool test rules alerts.yml
