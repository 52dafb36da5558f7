// What CArrow implements is declared in CArrowInterface, which Swift imports in its place.
#pragma once
