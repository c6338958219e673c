#!/usr/bin/env bash
# The README's walkthrough on AWS, checked: deploys a stack, polls its demonstration API, verifies every byte of the
# dataset, and deletes the stack again. Takes some minutes and costs a few cents.
#
#   scripts/aws-smoke.sh [--stack-name NAME] [--region REGION] [--keep] [PARAMETER=VALUE …]
#
# Credentials and endpoint are those of the `aws` command. PARAMETER=VALUE are the template's (docs/deploying.md).
# When a check fails, the stack stays for you to look at. What each check tells is in docs/unverified-on-aws.md.
set -Eeuo pipefail

stack=poller-smoke keep='' given='' overrides=(ApiAuth=IAM) # whatever an earlier deployment saved
while (($#)); do
  case $1 in
    --stack-name | --region)
      [[ -n ${2-} ]] || { echo "aws-smoke: $1 needs a value" >&2; exit 1; }
      if [[ $1 == --stack-name ]]; then stack=$2; else given=$2; fi
      shift
      ;;
    --keep) keep=yes ;;
    [A-Z]*=*) overrides+=("$1") ;;
    *) echo "aws-smoke: what is $1? See the first lines of $0" >&2; exit 1 ;;
  esac
  shift
done

missing=''
for tool in aws sam uv curl jq gzip awk; do
  command -v "$tool" >/dev/null || missing+="aws-smoke: $tool is missing; README.md says what is needed"$'\n'
done
[[ -z $missing ]] || { printf '%s' "$missing" >&2; exit 1; }
cd "$(dirname "$0")/.."
# Some of these tools read AWS_REGION only, some AWS_DEFAULT_REGION only, and sam prefers samconfig.toml to both.
region=${given:-${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}}
[[ -n $region ]] || { echo "aws-smoke: which region? Give --region REGION" >&2; exit 1; }
export AWS_REGION=$region AWS_DEFAULT_REGION=$region
if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap '((BASH_SUBSHELL)) || fail "line $LINENO ended with $?: $BASH_COMMAND" "what it said above"' ERR

step() { printf '\n%s\n' "$1"; }
ok() { printf '  ok  %s\n' "$1"; }
fail() { # WHAT, WHERE TO LOOK
  trap - ERR
  printf '  FAILED  %s\n  Look at: %s\n' "$1" "$2" >&2
  printf '  The stack, if there is one, is kept: scripts/delete-stack.sh %s --with-dataset\n' "$stack" >&2
  exit 1
}
equal() { # WHAT, WANTED, SEEN, WHERE TO LOOK
  [[ $2 == "$3" ]] || fail "$1: wanted '$2', saw '$3'" "$4"
  ok "$1: $3"
}
quietly() { # A COMMAND, shown in full only if it fails
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*" "the lines above, and the stack's Events in the console"; }
}

output() { jq -r --arg name "$1" '.Stacks[0].Outputs[] | select(.OutputKey == $name).OutputValue' "$work/stack.json"; }

# Keys are handed to curl in a pipe: arguments can be read by every user of the machine.
signed() {
  curl --silent --show-error --aws-sigv4 "aws:amz:$region:execute-api" --config <(
    printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
    [[ -z ${AWS_SESSION_TOKEN-} ]] || printf 'header = "X-Amz-Security-Token: %s"\n' "$AWS_SESSION_TOKEN"
  ) "$@"
}
submit() { # SPEC; prints the job's id
  signed --header 'Content-Type: application/json' --data "$1" "$api/jobs" | jq -r '.Entries[0].EventId // empty'
}
follow() { # JOB; leaves its last summary in $work/job.json
  local deadline=$((SECONDS + 900))
  until signed "$api/jobs/$1" >"$work/job.json" && jq -e '.FinishedAt' "$work/job.json" >/dev/null; do
    ((SECONDS < deadline)) || fail "job $1 did not end in 15 minutes" "its execution in the Step Functions console"
    sleep 2
  done
}
field() { jq -r ".$1" "$work/job.json"; }

caller=$(aws sts get-caller-identity --query Arn --output text)
# Ten requests in flight take about forty functions at a time. A new account has ten, and would throttle itself.
functions=$(aws lambda get-account-settings --query AccountLimit.ConcurrentExecutions --output text)
in_flight=10
if ((functions < 50)); then
  in_flight=2
  [[ " ${overrides[*]} " == *" ProcessConcurrency="* ]] || overrides+=(ProcessConcurrency=2)
  echo "Your account runs $functions functions at a time: two requests in flight instead of ten (docs/deploying.md)"
fi
step "Building $stack and deploying it to $region as $caller"
quietly sam build
# A prefix of its own: `sam delete` of another stack deletes all there is under its prefix.
quietly sam deploy --stack-name "$stack" --region "$region" --s3-prefix "$stack" --no-confirm-changeset \
  --no-fail-on-empty-changeset --no-progressbar --parameter-overrides "${overrides[@]}"
aws cloudformation describe-stacks --stack-name "$stack" --output json >"$work/stack.json"
api=$(output PollerHttpApiUrl)
demo=$(output ExternalHttpApiUrl)
bucket=$(output DatasetBucket)
[[ -n ${AWS_ACCESS_KEY_ID-} ]] || eval "$(aws configure export-credentials --format env)"
[[ -n $demo ]] || fail "the stack has no demonstration API" "the parameter DemoApi: it has to be true"
ok "$api"

step "Who may call"
status=$(curl --silent --output /dev/null --write-out '%{http_code}' "$api/jobs")
equal "an unsigned call" 403 "$status" "the route's authorization in the API Gateway console; ApiAuth has to be IAM"
status=$(signed --output /dev/null --write-out '%{http_code}' "$api/jobs")
equal "a signed call" 200 "$status" "your credentials: they need execute-api:Invoke"

step "What is refused"
equal "the event of a body that is no object" '' "$(submit '[]')" "the integration of POST /jobs"
job=$(submit '{"url": "ftp://example.com"}')
follow "$job"
equal "a spec with a wrong address" REJECTED "$(field Status)" "poller logs $job --stack-name $stack"

step "Polling the demonstration API"
job=$(submit "{\"url\": \"$demo/payload\", \"name\": \"smoke\", \"max_concurrency\": $in_flight}")
[[ -n $job ]] || fail "POST /jobs returned no EventId" "the role PollerHttpApiRole and its condition on events:source"
ok "job $job"
follow "$job"
equal "status" SUCCEEDED "$(field Status)" "$(field Error); poller tasks $job --stack-name $stack; poller logs …"
equal "records received" 10000 "$(field RecordsReceived)" "the same"
equal "records declared" 10000 "$(field RecordsExpected)" "the log group of PayloadGenerator"
listed=$(signed "$api/jobs" | jq "[.Jobs[].JobId] | index(\"$job\") != null")
equal "the job is in the list" true "$listed" "the index JobsByTime, of keys only"

step "The workflow"
execution=$(field ExecutionArn)
# The first by time: a job may need several, and the list has no order that AWS promises.
run=$(aws stepfunctions list-map-runs --execution-arn "$execution" --query 'sort_by(mapRuns, &startDate)[0].mapRunArn' \
  --output text)
aws stepfunctions describe-map-run --map-run-arn "$run" --output json >"$work/run.json"
equal "children, one a task" "$(field Total)" "$(jq '.itemCounts.total' "$work/run.json")" "the Map run, in the console"
equal "children that succeeded" "$(field Total)" "$(jq '.itemCounts.succeeded' "$work/run.json")" "the same"
at_a_time=$(jq '.maxConcurrency' "$work/run.json") # each keeps one request in flight or several; 0 would be no bound
((at_a_time >= 1 && at_a_time <= in_flight)) ||
  fail "children at a time (MaxConcurrencyPath): wanted 1 to $in_flight, saw '$at_a_time'" "the same"
ok "children at a time (MaxConcurrencyPath): $at_a_time"
case $execution in
  *"$job"*) ok "the execution is named after the event: a replay of it may be refused" ;;
  *) ok "the execution's name has nothing of the event's id: a replay starts a second, which ends quietly" ;;
esac

step "The dataset"
signed "$api/jobs/$job/results?limit=1" >"$work/results.json"
curl --silent --show-error --fail --output "$work/object" "$(jq -r '.Results[0].Url' "$work/results.json")"
seen=$("${sha256[@]}" <"$work/object" | cut -d ' ' -f 1)
equal "SHA-256 behind a presigned link" "$(jq -r '.Results[0].Sha256' "$work/results.json")" "$seen" "s3://$bucket"
aws s3 cp --recursive --only-show-errors "s3://$bucket/smoke/$job/" "$work/smoke/$job/"
jq -r --arg place "$work" '.Objects[] | "\(.Sha256)  \($place)/\(.Key)"' "$work/smoke/$job/_manifest.json" >"$work/sums"
quietly "${sha256[@]}" --check --quiet --strict "$work/sums"
ok "every object has the SHA-256 that the manifest gives it"
lines=$(cut -c 67- "$work/sums" | xargs gzip -dc | wc -l)
equal "records in the objects of the manifest" 10000 "$((lines))" "s3://$bucket/smoke/$job/_manifest.json"

step "What should be empty"
dead_letter_queues() { # STACK, and the stacks within it
  local resources nested
  resources=$(aws cloudformation list-stack-resources --stack-name "$1" --output json)
  jq -r '.StackResourceSummaries[] | select(.LogicalResourceId | endswith("DLQ")) | .PhysicalResourceId' <<<"$resources"
  for nested in $(jq -r '.StackResourceSummaries[] | select(.ResourceType == "AWS::CloudFormation::Stack")
    | .PhysicalResourceId' <<<"$resources"); do
    dead_letter_queues "$nested"
  done
}
dead_letter_queues "$stack" >"$work/queues"
while read -r queue; do
  waiting=$(aws sqs get-queue-attributes --queue-url "$queue" --attribute-names ApproximateNumberOfMessages \
    --query Attributes.ApproximateNumberOfMessages --output text)
  equal "messages in ${queue##*/}" 0 "$waiting" "docs/operating.md, the queues that should be empty"
done <"$work/queues"

if [[ -n $keep ]]; then
  step "All is well. The stack is kept: scripts/delete-stack.sh $stack --with-dataset"
else
  step "Cleaning up"
  scripts/delete-stack.sh "$stack" --with-dataset
  step "All is well."
fi
