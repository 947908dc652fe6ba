# Run at each build: writes HEADER with the commit that SOURCE is a checkout of, only if that changed.
# Where SOURCE is no checkout of its own (an unpacked archive, also inside another project's
# checkout), the commit is empty.
set(commit "")
execute_process(COMMAND git -C "${SOURCE}" rev-parse --show-prefix --short=12 HEAD
                OUTPUT_VARIABLE said RESULT_VARIABLE failed ERROR_QUIET)
if(NOT failed AND said MATCHES "^\n([0-9a-f]+)\n$")  # an empty prefix: SOURCE is the top level
  set(commit "${CMAKE_MATCH_1}")
endif()
file(CONFIGURE OUTPUT "${HEADER}" CONTENT "#define CULVERT_COMMIT \"${commit}\"\n")
