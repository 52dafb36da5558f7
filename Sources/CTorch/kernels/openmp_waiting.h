// How long the threads of libtorch's OpenMP look for work before they sleep.
#pragma once

namespace ct::kernels {

/// Lets them sleep at once, unless the environment says how they wait.
///
/// Without it they look for work for milliseconds after each loop. Where the processor has other work, they take the
/// time of the threads that work; and here, that of `Team`. GNU's runtime has no entry for that, but its manual
/// (GOMP_SPINCOUNT) says that it waits 100 turns in place of 300,000 while there are more of its threads than
/// processors. So some are started that sleep for good.
void shorten_openmp_waiting();

}  // namespace ct::kernels
