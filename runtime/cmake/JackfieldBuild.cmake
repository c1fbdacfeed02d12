# How everything of this project is compiled: jackfield::build carries the flags, no global ones are set.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(JACKFIELD_PLUGIN_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/jackfield/plugins")
set(JACKFIELD_PLUGIN_INSTALL_DIRECTORY "${CMAKE_INSTALL_LIBDIR}/jackfield/plugins")
set(JACKFIELD_HELPER_DIRECTORY "${PROJECT_BINARY_DIR}/libexec/jackfield") # programs that plugins start

find_program(JACKFIELD_CCACHE ccache)
if(JACKFIELD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${JACKFIELD_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${JACKFIELD_CCACHE}")
endif()

# -O2: compiles faster than CMake's -O3 and measures the same; hot files ask for more themselves.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

add_library(jackfield_build INTERFACE)
add_library(jackfield::build ALIAS jackfield_build)
target_compile_features(jackfield_build INTERFACE cxx_std_20 c_std_11)
target_compile_options(jackfield_build INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> # g++ 12 warns of its own std::string (GCC bug 105651)
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<BOOL:${JACKFIELD_WERROR}>:-Werror>)
find_program(JACKFIELD_MOLD NAMES mold)
if(JACKFIELD_MOLD)
  target_link_options(jackfield_build INTERFACE -fuse-ld=mold)
endif()
if(JACKFIELD_SANITIZE)
  target_compile_options(jackfield_build INTERFACE -fsanitize=${JACKFIELD_SANITIZE} -fno-omit-frame-pointer -g -O1)
  target_link_options(jackfield_build INTERFACE -fsanitize=${JACKFIELD_SANITIZE})
  # g++ 12 sees uninitialised values in its own <regex> under ASan, and fences that TSan ignores in Asio.
  target_compile_options(jackfield_build INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-tsan>)
  if(JACKFIELD_SANITIZE MATCHES undefined)
    target_compile_options(jackfield_build INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()

# jackfield_unity(target…): compiles a target's files in batches where JACKFIELD_UNITY is on, for a first build in a third
# of the time. Its files must not share names in their unnamed namespaces.
option(JACKFIELD_UNITY "Compile in batches" OFF)
function(jackfield_unity)
  if(JACKFIELD_UNITY)
    set_target_properties(${ARGV} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
endfunction()
