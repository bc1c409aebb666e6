// Whether anything is recorded. Only the benchmark of what recording costs says no (bench/README.md).
#pragma once

namespace mythos::stats {

#ifdef MYTHOS_WITHOUT_STATISTICS
inline constexpr bool kRecording = false;
#else
inline constexpr bool kRecording = true;
#endif

}  // namespace mythos::stats
