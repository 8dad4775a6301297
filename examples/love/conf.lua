function love.conf(t)
    t.window.title = "Diffusion in LÖVE"
    t.window.width = 512
    t.window.height = 512
    t.window.vsync = 0
    t.modules.audio = false
    t.modules.sound = false
    t.modules.physics = false
    t.modules.joystick = false
end
