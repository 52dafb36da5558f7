// Files that are compiled as one: most of the time goes into Arrow's headers, which they share here.

#include "CArrowInterface.h"

#include "../Text.cpp"
#include "../CSVTypes.cpp"
#include "../CSV.cpp"
#include "../CSVReader.cpp"
#include "../JSONSyntax.cpp"
#include "../JSONTypes.cpp"
#include "../JSONRows.cpp"
#include "../JSONForm.cpp"
#include "../JSONReader.cpp"
#include "../XZ.cpp"
#include "../Readers.cpp"
