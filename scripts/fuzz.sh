#!/usr/bin/env bash
# Fuzzes the readers of CSV, NDJSON, prediction records and model files with libFuzzer, SECONDS each (60). Last line: fuzz N inputs, N crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-${1:-60}}
out=${FUZZ_DIR:-.build/fuzz}
mkdir -p "$out"/{modules,objects}

# Built by hand: every module with the fuzzer's instrumentation, so that it sees all branches, and the address sanitizer.
mkdir -p "$out/modules/CKernels"
cp Sources/CKernels/include/*.h "$out/modules/CKernels/"
echo 'module CKernels { umbrella header "CKernels.h" export * }' > "$out/modules/CKernels/module.modulemap"
for file in Sources/CKernels/*.c; do
    clang -O2 -g -fsanitize=fuzzer-no-link,address -ISources/CKernels/include -c "$file" -o "$out/objects/$(basename "$file" .c)_c.o"
done
swift_module() {
    local name=$1
    swiftc -O -g -wmo -parse-as-library -swift-version 6 -enable-testing -sanitize=fuzzer -sanitize=address \
        -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault \
        -I "$out/modules" -I "$out/modules/CKernels" -I Sources/CCrypto \
        -module-name "$name" -emit-module -emit-module-path "$out/modules/$name.swiftmodule" \
        -c $(find "Sources/$name" -name '*.swift') -o "$out/objects/$name.o"
}
for name in Vocabulary Kernels Tables Inference; do swift_module "$name"; done

total=0 crashes=0
for target in CSV NDJSON Record Model; do
    swiftc -O -g -parse-as-library -swift-version 6 -sanitize=fuzzer -sanitize=address -use-ld=lld -I "$out/modules" -I "$out/modules/CKernels" \
        -I Sources/CCrypto "Tests/Fuzz/${target}Fuzz.swift" Tests/TablesTests/PlainTable.swift "$out"/objects/*.o -lcrypto \
        -o "$out/fuzz-$target"
    corpus="$out/corpus-$target"
    mkdir -p "$corpus"
    cp -r "Tests/Fuzz/$target-seeds/." "$corpus/" 2>/dev/null || true
    log="$out/$target.log"
    status=0
    SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 "$out/fuzz-$target" -max_total_time="$seconds" -max_len="$([ "$target" = Model ] && echo 4096 || echo 512)" -timeout=10 \
        -rss_limit_mb=4096 -artifact_prefix="$out/$target-" -print_final_stats=1 "$corpus" > "$log" 2>&1 || status=$?
    inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    total=$((total + ${inputs:-0}))
    if [ "$status" -ne 0 ]; then
        crashes=$((crashes + 1))
        tail -n 40 "$log"
    fi
    echo "$target: ${inputs:-0} inputs, exit $status"
done
echo "fuzz $total inputs, $crashes crashes"
[ "$crashes" -eq 0 ]
