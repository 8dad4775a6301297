# A cube and a floor whose texture sharpens while the scene runs: the library works a few milliseconds in each frame,
# and the pixels are read back, for Godot 3 has no Vulkan.
#
#   make -C examples/godot3
#   godot3 --path examples/godot3 [--class=rock --size=64 --steps=N --seed=1 --budget-ms=8 --shot=FILE.png]
extends Spatial

var options = {
	"shim": "../../out/godot3/libdiffusion-godot3.so",
	"model": "../../models/textures-64",
	"class": "rock",
	"size": "64",
	"steps": "0",
	"seed": "1",
	"budget-ms": "8",
	"shot": "", # write a screenshot here when the texture is done, and quit
}

var native = GDNative.new()
var image = Image.new()
var texture = ImageTexture.new()
var cube = MeshInstance.new()
var label = Label.new()
var is_running = false
var frames_done = 0


func _ready():
	for argument in OS.get_cmdline_args():
		var parts = argument.trim_prefix("--").split("=", true, 1)
		if argument.begins_with("--") and parts.size() == 2 and options.has(parts[0]):
			options[parts[0]] = parts[1]
	if not load_shim():
		fail("the shim does not load: %s" % options["shim"])
		return
	var error = call_shim("diffusion_godot_begin", [
		absolute(options["model"]), options["class"], int(options["size"]), int(options["steps"]),
		int(options["seed"])])
	if error != "":
		fail(error)
		return
	build_scene()
	is_running = true


func _process(delta):
	if not is_running:
		return
	var pixels = call_shim("diffusion_godot_tick", [float(options["budget-ms"])])
	if typeof(pixels) == TYPE_STRING:
		fail(pixels)
		return
	if pixels.size() > 0: # newer than in the frame before
		var size = int(options["size"])
		image.create_from_data(size, size, false, Image.FORMAT_RGBA8, pixels)
		if texture.get_width() == 0:
			texture.create_from_image(image, Texture.FLAG_REPEAT | Texture.FLAG_FILTER)
		else:
			texture.set_data(image)
	cube.rotate_y(delta * 0.7)
	label.text = call_shim("diffusion_godot_describe", []) + "   %d frames a second" % Engine.get_frames_per_second()
	var is_complete = call_shim("diffusion_godot_is_complete", [])
	if is_complete < 0:
		fail(label.text)
	elif options["shot"] != "" and is_complete == 1:
		frames_done += 1
		if frames_done == 3: # drawn with the finished texture by now
			var shot = get_viewport().get_texture().get_data()
			shot.flip_y()
			var saved = shot.save_png(options["shot"])
			get_tree().quit(0 if saved == OK else 1)


func _exit_tree():
	if is_running:
		call_shim("diffusion_godot_end", [])
		native.terminate()


func absolute(path):
	return path if path.is_abs_path() else ProjectSettings.globalize_path("res://") + path


func load_shim():
	var config = ConfigFile.new()
	config.set_value("entry", "X11.64", absolute(options["shim"]))
	config.set_value("dependencies", "X11.64", [])
	var library = GDNativeLibrary.new()
	library.config_file = config
	native.library = library
	return native.initialize()


func call_shim(function, arguments):
	return native.call_native("standard_varcall", function, arguments)


func build_scene():
	var material = SpatialMaterial.new()
	material.albedo_texture = texture
	material.roughness = 0.8
	cube.mesh = CubeMesh.new()
	cube.mesh.size = Vector3(2, 2, 2)
	cube.material_override = material
	cube.translation = Vector3(0, 1, 0)
	# A cube's six faces share one picture of 3 by 2 faces: so each shows a whole tile.
	material.uv1_scale = Vector3(3, 2, 1)
	add_child(cube)
	var floor_material = SpatialMaterial.new()
	floor_material.albedo_texture = texture
	floor_material.albedo_color = Color(0.7, 0.7, 0.7)
	floor_material.uv1_scale = Vector3(6, 6, 1) # the texture tiles without a seam
	var floor_plane = MeshInstance.new()
	floor_plane.mesh = PlaneMesh.new()
	floor_plane.mesh.size = Vector2(12, 12)
	floor_plane.material_override = floor_material
	add_child(floor_plane)
	var light = DirectionalLight.new()
	light.rotation_degrees = Vector3(-50, 40, 0)
	light.light_energy = 0.7
	add_child(light)
	var camera = Camera.new()
	add_child(camera)
	camera.look_at_from_position(Vector3(2.6, 3.0, 4.0), Vector3(0, 0.7, 0), Vector3.UP)
	camera.current = true
	label.rect_position = Vector2(8, 6)
	label.add_color_override("font_color", Color(0, 0, 0))
	add_child(label)


func fail(text):
	is_running = false
	printerr(text)
	get_tree().quit(1)
