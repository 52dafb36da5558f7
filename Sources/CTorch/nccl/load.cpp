// Loads the library with NCCL, if libtorch has its CUDA part and the library lies where the program looks for others.
#include "load.h"

#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <cstring>

#include "../boundary.h"

namespace ct {

namespace {

Nccl load() {
#ifdef __linux__
  load_cuda();
  void *const cuda = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_NOLOAD);
  if (cuda == nullptr) return {nullptr, "libtorch has no CUDA part here"};
  void *const library = dlopen("libswiftlet_nccl.so", RTLD_NOW);
  if (library == nullptr) {
    const char *const reason = dlerror();
    return {nullptr, reason == nullptr ? "libswiftlet_nccl.so can't be loaded" : reason};
  }
  const auto torch = reinterpret_cast<decltype(&swiftlet_nccl_torch_version)>(
      dlsym(library, "swiftlet_nccl_torch_version"));
  const auto version = reinterpret_cast<decltype(&swiftlet_nccl_version)>(dlsym(library, "swiftlet_nccl_version"));
  const auto backend = reinterpret_cast<decltype(&swiftlet_nccl_backend)>(dlsym(library, "swiftlet_nccl_backend"));
  if (torch == nullptr || version == nullptr || backend == nullptr)
    return {nullptr, "libswiftlet_nccl.so is of another version of Swiftlet"};
  if (std::strcmp(torch(), TORCH_VERSION) != 0)
    return {nullptr, std::string("libswiftlet_nccl.so was made for libtorch ") + torch() + ", not " + TORCH_VERSION};
  char text[32] = "";
  version(text, sizeof(text));
  return {backend, text};
#else
  return {nullptr, "there is NCCL on Linux only"};
#endif
}

}  // namespace

const Nccl &nccl() {
  static const Nccl found = load();
  return found;
}

}  // namespace ct
