// Random numbers and settings. Conventions: CTorchInterface.h.
#pragma once

#include "ct_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Random numbers and settings (random.cpp)

/// Seeds the default generators of the CPU and of every device in use.
int32_t ct_manual_seed(uint64_t seed);
/// A CPU generator of its own.
int32_t ct_generator_new(uint64_t seed, ct_generator **out);
/// A handle on a device's default generator, which itself lives as long as the process.
int32_t ct_generator_default(ct_device device, ct_generator **out);
/// NULL is fine.
void ct_generator_free(ct_generator *generator);
/// The seed that the generator was last given.
int32_t ct_generator_seed(const ct_generator *generator, uint64_t *out);
/// Starts the generator anew.
int32_t ct_generator_set_seed(const ct_generator *generator, uint64_t seed);
/// The state as PyTorch keeps it, uint8 `[n]`.
int32_t ct_generator_state(const ct_generator *generator, ct_tensor **out);
int32_t ct_generator_set_state(const ct_generator *generator, const ct_tensor *state);

// `generator` may be NULL in all that follow: the default generator of the tensor's device.

int32_t ct_normal_(const ct_tensor *x, double mean, double deviation, const ct_generator *generator);
int32_t ct_uniform_(const ct_tensor *x, double from, double to, const ct_generator *generator);
/// 1 with the probability, else 0.
int32_t ct_bernoulli_(const ct_tensor *x, double probability, const ct_generator *generator);
/// Integers over the whole range of the dtype, from 0.
int32_t ct_random_(const ct_tensor *x, const ct_generator *generator);
/// Integers from 0 to before `end`.
int32_t ct_random_below_(const ct_tensor *x, int64_t end, const ct_generator *generator);
/// int64 `[count]`: the numbers from 0 in a random order.
int32_t ct_randperm(int64_t count, const ct_generator *generator, ct_tensor **out);

/// Threads that one operation may use.
int32_t ct_thread_count(void);
int32_t ct_set_thread_count(int32_t count);
/// Such as "2.13.0". Don't free.
const char *ct_torch_version(void);

#ifdef __cplusplus
}
#endif
