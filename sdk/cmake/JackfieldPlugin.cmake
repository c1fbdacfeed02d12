# jackfield_add_plugin(NAME SOURCES file… [LINK library…] [OUTPUT_DIRECTORY dir] [NO_INSTALL])
#
# Builds NAME.so as a Jackfield plugin: hidden visibility and a version script, so that exactly one symbol is
# exported; no unresolved symbol (-z defs), never unloaded (-z nodelete), bound when loaded (-z now).
set(JACKFIELD_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/plugin.map")

function(jackfield_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "OUTPUT_DIRECTORY" "SOURCES;LINK")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "jackfield_add_plugin(${name}): SOURCES is missing")
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE jackfield::sdk ${arg_LINK})
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${JACKFIELD_PLUGIN_MAP}")
  if(arg_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT_DIRECTORY}")
  elseif(JACKFIELD_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${JACKFIELD_PLUGIN_OUTPUT_DIRECTORY}")
  endif()
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${JACKFIELD_PLUGIN_MAP}" LINKER:-z,nodelete LINKER:-z,now)
  if(NOT JACKFIELD_SANITIZE) # a sanitizer leaves its own symbols to the program
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  if(NOT arg_NO_INSTALL AND JACKFIELD_PLUGIN_INSTALL_DIRECTORY)
    install(TARGETS ${name} LIBRARY DESTINATION "${JACKFIELD_PLUGIN_INSTALL_DIRECTORY}" COMPONENT runtime)
  endif()
endfunction()
