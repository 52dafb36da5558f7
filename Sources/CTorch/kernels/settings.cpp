// The kernels' instruction set and random numbers, for tests and for what is shown to users.
#include "fused.h"

using namespace ct::kernels;

const char *ct_kernel_set(void) { return table().name; }

int32_t ct_set_kernel_set(const char *name) {
  return ct::boundary([&] {
    TORCH_CHECK(select_table(name), "this processor can't run the kernels '", name, "'");
  });
}

int32_t ct_dropout_multipliers(ct_dropout_draw draw, uint32_t row, int64_t count, ct_tensor **out) {
  return ct::boundary([&] {
    TORCH_CHECK(count > 0, "a row of ", count, " elements");
    const int64_t draws = round_up(count, kDraw) / kDraw;
    const at::Tensor values = floats({draws * kDraw});
    table().dropout_multipliers(dropout(draw), row, 0, draws, values.data_ptr<float>());
    ct::give(values.narrow(0, 0, count), out);
  });
}
