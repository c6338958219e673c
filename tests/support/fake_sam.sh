#!/bin/sh
# Plays sam for the tests of `poller up`, in the checkout's root; `fail-build` and `fail-deploy` there make it fail.
echo "$@" >> sam-calls
env > sam-environment
case "$1" in
build)
    if [ -f fail-build ]; then cat fail-build; exit 1; fi
    mkdir -p .aws-sam/build
    cp template.yaml .aws-sam/build/
    ;;
deploy)
    if [ -f fail-deploy ]; then
        cp fail-deploy .poller/data/failed
        echo "Error: Failed to create/update the stack: poller"
        exit 1
    fi
    echo UPDATE_COMPLETE > .poller/data/deployed
    ;;
esac
