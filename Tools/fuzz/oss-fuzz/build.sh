#!/usr/bin/env bash
# Builds one program for each format, as OSS-Fuzz wants them: the format is in the program's name.
set -eu
scripts/bootstrap
swift=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
runtime=$(compgen -G "$swift/lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-x86_64.a" | head -n 1)
# libtorch and Arrow come as finished libraries without a sanitizer's marks; the Swift modules have libFuzzer's counters.
SWIFTLET_FUZZER_RUNTIME=$runtime swift build -c release --scratch-path .build-fuzz --product swiftlet-fuzz
mkdir -p "$OUT/lib" "$OUT/fixtures"
cp -a .deps/libtorch/lib/*.so* .deps/arrow/lib/*.so* "$swift"/lib/swift/linux/*.so "$OUT/lib/"
cp -a Tests/Fixtures/. "$OUT/fixtures/"
cp .build-fuzz/release/swiftlet-fuzz "$OUT/lib/swiftlet-fuzz"
for format in $(.build-fuzz/release/swiftlet-fuzz --formats); do
  # The fuzzer is asked for by the format; its libraries and fixtures lie beside it.
  cat >"$OUT/fuzz_$format" <<END
#!/bin/sh
here=\$(dirname "\$0")
# LLVMFuzzerTestOneInput is in the program that this starts.
SWIFTLET_FIXTURES="\$here/fixtures" LD_LIBRARY_PATH="\$here/lib" exec "\$here/lib/swiftlet-fuzz" $format "\$@"
END
  chmod +x "$OUT/fuzz_$format"
  mkdir -p "seeds/$format"
  .build-fuzz/release/swiftlet-fuzz "$format" --seeds "seeds/$format"
  [ -d "Tests/Fixtures/fuzz/$format" ] && cp "Tests/Fixtures/fuzz/$format/"* "seeds/$format/"
  (cd "seeds/$format" && zip -q -r "$OUT/fuzz_${format}_seed_corpus.zip" .)
done
