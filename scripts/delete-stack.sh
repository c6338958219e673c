#!/usr/bin/env bash
# Deletes a stack and what would stop CloudFormation from doing so: the content of its buckets.
#
#   scripts/delete-stack.sh STACK [--with-dataset]
#
# DatasetBucket is kept, as the template wants it; --with-dataset deletes it too, with every version of every object, once
# the stack is gone. Credentials, region and endpoint are those of the `aws` command.
set -euo pipefail

readonly TRIES=3 # access logs of the last requests go on arriving in LogBucket while it is being emptied

stack=${1-}
with_dataset=${2-}
[[ -n $stack ]] || {
  echo "delete-stack: which stack? scripts/delete-stack.sh STACK [--with-dataset]" >&2
  exit 1
}
[[ -z $with_dataset || $with_dataset == --with-dataset ]] || {
  echo "delete-stack: what is $with_dataset? Only --with-dataset is known" >&2
  exit 1
}

# What is left of a stack and of the stacks within it, a line each: logical id, physical id ("None" where it never got
# one), type.
left() { # STACK
  local found nested within
  found=$(aws cloudformation list-stack-resources --stack-name "$1" --output text --query \
    "StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE'].[LogicalResourceId, PhysicalResourceId, ResourceType]") ||
    return
  printf '%s\n' "$found"
  within=$(awk '$3 == "AWS::CloudFormation::Stack" && $2 != "None" { print $2 }' <<<"$found")
  for nested in $within; do left "$nested" || return; done
}
working_buckets() { awk '$3 == "AWS::S3::Bucket" && $1 != "DatasetBucket" && $2 != "None" { print $2 }' <<<"$resources"; }
physical() { awk -v id="$1" '$1 == id && $2 != "None" { print $2 }' <<<"$resources"; }

# Every object, older version and delete marker, 1,000 at a time: as many as one request deletes.
empty() {
  local page batch problems
  [[ -n $1 ]] || return 0
  echo "Emptying $1"
  while true; do
    page=$(aws s3api list-object-versions --bucket "$1" --max-items 1000 --output json)
    [[ -n $page ]] || return 0
    batch=$(jq '{Quiet: true, Objects: [(.Versions, .DeleteMarkers)[]? | {Key, VersionId}]}' <<<"$page")
    [[ $(jq '.Objects | length' <<<"$batch") != 0 ]] || return 0
    problems=$(aws s3api delete-objects --bucket "$1" --delete file:///dev/stdin --query Errors --output text \
      <<<"$batch")
    [[ -z $problems || $problems == None ]] || {
      echo "delete-stack: $1 cannot be emptied: $problems" >&2
      exit 1
    }
  done
}

resources=$(left "$stack")
dataset=$(physical DatasetBucket)
workflow=$(physical PollerWorkflow)
if [[ -n $workflow ]]; then
  running=$(aws stepfunctions list-executions --state-machine-arn "$workflow" --status-filter RUNNING \
    --query 'length(executions)' --output text)
  [[ $running == 0 ]] || {
    echo "delete-stack: jobs are running and would go on writing; end them first: poller cancel JOB" >&2
    exit 1
  }
fi

# Not `sam delete`: it asks in the region of samconfig.toml, and succeeds where it finds no stack.
for ((try = 1; ; try++)); do
  buckets=$(working_buckets)
  for bucket in $buckets; do empty "$bucket"; done
  echo "Deleting $stack"
  aws cloudformation delete-stack --stack-name "$stack"
  said=$(aws cloudformation wait stack-delete-complete --stack-name "$stack" 2>&1) && break
  [[ $try -lt $TRIES ]] || {
    printf '%s\ndelete-stack: %s is still there; its Events in the console name the resource\n' "$said" "$stack" >&2
    exit 1
  }
  resources=$(left "$stack")
done

if [[ -n $with_dataset ]]; then
  [[ -z $dataset ]] || { empty "$dataset"; aws s3api delete-bucket --bucket "$dataset"; }
  echo "Nothing is left."
elif [[ -n $dataset ]]; then
  echo "The dataset is kept, in s3://$dataset"
fi
