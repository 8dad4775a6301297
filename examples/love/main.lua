-- A sprite that sharpens while the game runs: the library works a few milliseconds in each frame, and the pixels are
-- read back, for LÖVE has no Vulkan. 'love examples/love --help' lists the options.
local ffi = require("ffi")
local diffusion = require("diffusion")

local options = {
    library = "artifacts/plugin/linux-x64/libdiffusion.so",
    header = "include/diffusion.h",
    model = "models/textures-64",
    class = "brick",
    size = "64",
    steps = "0", -- what suits the model
    seed = "1",
    ["budget-ms"] = "8",
    shot = "", -- write a screenshot here when the texture is done, and quit
}

local C, runtime, texture, size
local pixels, image, sprite
local report, progress
local angle = 0

local function parse(arguments)
    local i = 1
    while i <= #arguments do
        local name = arguments[i]:match("^%-%-(.+)$")
        if not name or options[name] == nil or not arguments[i + 1] then
            print("options: --library --header --model --class --size --steps --seed --budget-ms --shot")
            os.exit(2)
        end
        options[name] = arguments[i + 1]
        i = i + 2
    end
end

function love.load(arguments)
    parse(arguments)
    size = tonumber(options.size)
    C = diffusion.load(options.library, options.header)

    local made = ffi.new("diffusion_runtime[1]")
    diffusion.check(C.diffusion_create(nil, made))
    runtime = made[0]
    local model = diffusion.new("diffusion_model")
    model.path = options.model
    diffusion.check(C.diffusion_load_model(runtime, model))

    local request = diffusion.new("diffusion_request")
    request.width, request.height = size, size
    request.steps = tonumber(options.steps)
    request.seed = tonumber(options.seed)
    request.class_name = options.class
    local submitted = ffi.new("diffusion_texture[1]")
    diffusion.check(C.diffusion_submit(runtime, request, submitted))
    texture = submitted[0]

    -- The library writes straight into LÖVE's image data.
    image = love.image.newImageData(size, size)
    pixels = diffusion.new("diffusion_pixels")
    pixels.data = image:getFFIPointer()
    pixels.data_size = image:getSize()
    sprite = love.graphics.newImage(image)
    sprite:setWrap("repeat", "repeat")
    report = diffusion.new("diffusion_tick_report")
    progress = diffusion.new("diffusion_progress")
end

function love.update(dt)
    angle = angle + dt
    diffusion.check(C.diffusion_tick(runtime, tonumber(options["budget-ms"]), report))
    if diffusion.check(C.diffusion_read_pixels(runtime, texture, pixels)) == C.DIFFUSION_SUCCESS then
        sprite:replacePixels(image)
    end
    diffusion.check(C.diffusion_get_progress(runtime, texture, progress))
end

local function finish(path)
    love.graphics.captureScreenshot(function(shot)
        local file = assert(io.open(path, "wb"))
        file:write(shot:encode("png"):getString())
        file:close()
        love.event.quit()
    end)
end

function love.draw()
    local width, height = love.graphics.getDimensions()

    -- The ground tiles: the texture has no seams.
    love.graphics.setColor(0.45, 0.45, 0.45)
    love.graphics.draw(sprite, love.graphics.newQuad(0, 0, width, height, size, size))
    love.graphics.setColor(1, 1, 1)
    love.graphics.draw(sprite, width / 2, height / 2, 0.3 * math.sin(angle), 192 / size, 192 / size, size / 2, size / 2)
    love.graphics.setColor(0, 0, 0, 0.7)
    love.graphics.rectangle("fill", 0, 0, width, 24)
    love.graphics.setColor(1, 1, 1)
    love.graphics.print(string.format(
        "step %d of %d   sigma %.3f   tick %.1f of %.1f ms   %d frames a second",
        progress.step, progress.step_count, progress.sigma, report.taken_ms, report.budget_ms,
        love.timer.getFPS()), 8, 5)
    if options.shot ~= "" and progress.status == C.DIFFUSION_STATUS_COMPLETED then
        finish(options.shot)
        options.shot = ""
    end
end

function love.quit()
    if runtime then
        diffusion.check(C.diffusion_destroy(runtime))
        runtime = nil
    end
end
