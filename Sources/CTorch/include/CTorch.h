// What CTorch implements is declared in CTorchInterface, which Swift imports in its place.
#pragma once
