# The extension module `mythos._core`: the floors behind Python's names. Every file bind_*.cpp is a part of it.
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT pybind11_DIR)
    execute_process(COMMAND ${Python_EXECUTABLE} -m pybind11 --cmakedir
        OUTPUT_VARIABLE pybind11_DIR OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
find_package(pybind11 3.0 CONFIG REQUIRED)

file(GLOB binding_sources CONFIGURE_DEPENDS bindings/*.cpp)
pybind11_add_module(_core NO_EXTRAS ${binding_sources})
target_include_directories(_core PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(_core PRIVATE mythos_server)

# What a wheel holds beside python/mythos.
if(SKBUILD)
    install(TARGETS _core LIBRARY DESTINATION mythos COMPONENT python)
    # What `mythos deploy` writes, and `alerts.rules` calls `packaged`.
    install(DIRECTORY deploy DESTINATION mythos COMPONENT python PATTERN __pycache__ EXCLUDE)
    install(TARGETS mythosd RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR} COMPONENT python)
endif()
