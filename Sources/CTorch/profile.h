// Marks pieces of work that a profile shows beside libtorch's operations.
#pragma once

#include <cstdint>

namespace ct {

/// A product [rows, depth] by [depth, columns].
struct ProductShape {
  int64_t rows, columns, depth;
  bool is_first_transposed, is_second_transposed;
};

/// The work from here to the end of the block, under a name that lives as long as the process. Costs one load where
/// nothing is recorded.
class Span {
 public:
  explicit Span(const char *name, int64_t operations = 0);
  /// A product of two matrices.
  Span(const char *name, const ProductShape &shape);
  ~Span();
  Span(const Span &) = delete;
  Span &operator=(const Span &) = delete;

 private:
  void *open_ = nullptr;
};

}  // namespace ct
