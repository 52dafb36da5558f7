// Chooses the kernels' instruction set once, when the program runs.
#include <atomic>
#include <cstring>

#include "table.h"

namespace ct::kernels {

namespace {

bool runs(const Table &set) {
#if defined(__x86_64__)
  if (&set == &avx512_table) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  if (&set == &avx2_table) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
  if (&set == &neon_table) return true;
#endif
  return &set == &portable_table;
}

const Table *const sets[] = {
#if defined(__x86_64__)
    &avx512_table, &avx2_table,
#elif defined(__aarch64__)
    &neon_table,
#endif
    &portable_table};

const Table *best() {
  for (const Table *set : sets)
    if (runs(*set)) return set;
  return &portable_table;
}

std::atomic<const Table *> chosen{nullptr};

}  // namespace

const Table &table() {
  const Table *set = chosen.load(std::memory_order_relaxed);
  if (set == nullptr) chosen.store(set = best(), std::memory_order_relaxed);
  return *set;
}

bool select_table(const char *name) {
  if (std::strcmp(name, "auto") == 0) {
    chosen.store(best());
    return true;
  }
  for (const Table *set : sets) {
    if (std::strcmp(name, set->name) != 0 || !runs(*set)) continue;
    chosen.store(set);
    return true;
  }
  return false;
}

}  // namespace ct::kernels
