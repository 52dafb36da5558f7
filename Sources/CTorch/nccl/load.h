// NCCL, where it is at hand.
#pragma once

#include <string>

#include "plugin.h"

namespace ct {

struct Nccl {
  /// Null where there is no NCCL.
  decltype(&swiftlet_nccl_backend) backend = nullptr;
  /// Its version, or why there is none.
  std::string state;
};

/// Looks for it at the first call.
const Nccl &nccl();

}  // namespace ct
