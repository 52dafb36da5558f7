// What the parts of the stand-in share.
#pragma once

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace stand_in {

inline const at::Device gpu(at::kCUDA, 0);

/// The device's random numbers.
at::Generator &numbers();

/// The same memory as a tensor of the CPU.
at::Tensor on_host(const at::Tensor &x);

/// A result of the CPU's kernel as a tensor of the device.
at::Tensor on_device(const at::Tensor &x);

/// Gives a tensor of the device another size, and memory of its own where its own is too small.
void resize(const at::Tensor &x, c10::IntArrayRef size);

/// Puts the device's random numbers in force on the CPU.
struct Draws {
  at::Generator host = at::detail::getDefaultCPUGenerator();
  at::Tensor before;
  Draws() {
    before = host.get_state();
    host.set_state(numbers().get_state());
  }
  ~Draws() {
    numbers().set_state(host.get_state());
    host.set_state(before);
  }
};

}  // namespace stand_in
