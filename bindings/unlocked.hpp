// Lets the GIL go for as long as it lives; no Python object may be touched meanwhile.
//
// Where the interpreter ends while another thread is in here, taking the GIL again ends that thread by unwinding it
// (PyEval_RestoreThread). Other than pybind11's own guard this one lets the unwinding pass; a destructor that may not
// throw would end the whole process instead. So it must not be used within one.
#pragma once

#include <pybind11/pybind11.h>

namespace mythos::bindings {

class Unlocked {
public:
    Unlocked() : thread_(PyEval_SaveThread()) {}
    ~Unlocked() noexcept(false) { PyEval_RestoreThread(thread_); }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;

private:
    PyThreadState* thread_;
};

}  // namespace mythos::bindings
