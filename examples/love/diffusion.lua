-- diffusion.h for LuaJIT: the header itself is read, so that there is no second list of declarations to keep.
local ffi = require("ffi")

local diffusion = {}

local function declarations(header)
    local file = assert(io.open(header, "r"))
    local text = file:read("*a")
    file:close()
    -- What lies between the marks is plain C but for these two macros.
    text = text:match("/%* %-%- declarations.-%*/(.-)/%* %-%- end of declarations")
    return (text:gsub("DIFFUSION_API", ""):gsub("DIFFUSION_CALL", ""))
end

-- A struct as DIFFUSION_INIT leaves it.
function diffusion.new(name)
    local struct = ffi.new(name)
    struct.struct_size = ffi.sizeof(name)
    struct.struct_version = 1
    return struct
end

-- Loads library and header; returns the library's functions.
function diffusion.load(library, header)
    ffi.cdef(declarations(header))
    diffusion.C = ffi.load(library)
    return diffusion.C
end

-- Raises the library's text on an error; DIFFUSION_NOT_READY passes.
function diffusion.check(result)
    if result < 0 then
        local text = ffi.new("char[1024]")
        diffusion.C.diffusion_get_last_error(text, 1024)
        error(ffi.string(text), 2)
    end
    return result
end

return diffusion
