// Files that are compiled as one: most of the time goes into Arrow's headers, which they share here.

#include "CArrowInterface.h"

#include "../Types.cpp"
#include "../Sizes.cpp"
#include "../Plain.cpp"
#include "../Marks.cpp"
#include "../Array.cpp"
#include "../Table.cpp"
#include "../Files.cpp"
#include "../Sources.cpp"
#include "../Streams.cpp"
