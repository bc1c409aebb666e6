// Nothing: the unit that cpp/pch.hpp is compiled for, and tests/cpp/test_pch.hpp; others reuse the result.
