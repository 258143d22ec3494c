#pragma once
// For LD_PRELOAD: offers nothing to call.
