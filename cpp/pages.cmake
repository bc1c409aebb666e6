# The pages that the server serves (web/dashboard): made by Node, kept in the program as they are sent.
option(MYTHOS_PAGES "Build the pages of the dashboard into the server (needs Node and npm)" ON)
if(NOT MYTHOS_PAGES)
    return()
endif()
find_program(NODE node)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
    message(FATAL_ERROR "The server's pages are built with Node 18 or newer and npm: install nodejs and npm, or leave "
        "the pages out by -DMYTHOS_PAGES=OFF.")
endif()

set(pages ${CMAKE_BINARY_DIR}/pages)
set(web ${CMAKE_CURRENT_SOURCE_DIR}/web)
file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${web}/client/src/* ${web}/dashboard/src/*)
list(APPEND page_sources ${web}/package-lock.json ${web}/dashboard/build.mjs)
add_custom_command(
    OUTPUT ${pages}/built
    COMMAND sh -c "test -d node_modules/esbuild || ${NPM} ci --omit=dev --no-audit --no-fund --loglevel=error"
    COMMAND ${NODE} dashboard/build.mjs ${pages}
    COMMAND ${CMAKE_COMMAND} -E touch ${pages}/built
    WORKING_DIRECTORY ${web}
    DEPENDS ${page_sources}
    COMMENT "Building the pages"
    VERBATIM)
# The assembler puts them in; the headers compiled once were compiled without the definition.
set_source_files_properties(cpp/transport/pages.cpp PROPERTIES
    OBJECT_DEPENDS ${pages}/built
    COMPILE_DEFINITIONS MYTHOS_PAGES
    COMPILE_OPTIONS -Wa,-I${pages}
    SKIP_PRECOMPILE_HEADERS ON)
