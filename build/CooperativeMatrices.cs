using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Turns a SPIR-V module on SPV_NV_cooperative_matrix into the same on SPV_KHR_cooperative_matrix, in place.
/// </summary>
/// <remarks>
/// glslang writes the first since 2019 and the second since 13 (2023), and Debian 12 has 12. They differ in numbers, in
/// the order of operands, and in that KHR's types say what a matrix is used as, which is read off the multiplications:
/// A, B and the sum must be of three types. Layouts are a number in place of whether columns are contiguous. What
/// comes out is what glslang 15 makes of the same shader written for KHR's extension, but for a few constants.
/// </remarks>
public sealed class CooperativeMatrices : Task
{
    // [SPIR-V, 3.42] and the two extensions.
    private const uint OpExtension = 10;
    private const uint OpCapability = 17;
    private const uint OpTypeInt = 21;
    private const uint OpConstantTrue = 41;
    private const uint OpConstant = 43;
    private const uint OpLoad = 61;
    private const uint TypeNV = 5358;
    private const uint LoadNV = 5359;
    private const uint StoreNV = 5360;
    private const uint MulAddNV = 5361;
    private const uint LengthNV = 5362;
    private const uint TypeKHR = 4456;
    private const uint LoadKHR = 4457;
    private const uint StoreKHR = 4458;
    private const uint MulAddKHR = 4459;
    private const uint CapabilityNV = 5357;
    private const uint CapabilityKHR = 6022;
    private const int HeaderWords = 5;
    private const int Bound = 3;

    [Required]
    public string Module { get; set; }

    public override bool Execute()
    {
        byte[] bytes = File.ReadAllBytes(Module);
        uint[] words = new uint[bytes.Length / sizeof(uint)];
        Buffer.BlockCopy(bytes, 0, words, 0, words.Length * sizeof(uint));

        // A failure leaves no file that looks finished.
        File.Delete(Module);
        words = Translate(words);
        bytes = new byte[words.Length * sizeof(uint)];
        Buffer.BlockCopy(words, 0, bytes, 0, bytes.Length);
        File.WriteAllBytes(Module, bytes);
        return true;
    }

    private static uint[] Translate(uint[] module)
    {
        List<uint[]> instructions = Split(module);
        Dictionary<uint, uint> uses = FindUses(instructions);
        var columns = new HashSet<uint>(instructions.Where(i => Code(i) == OpConstantTrue).Select(i => i[2]));
        uint integer = instructions.First(i => Code(i) == OpTypeInt && i[2] == 32 && i[3] == 0)[1];
        uint number = module[Bound];
        var result = new List<uint>(module.Take(HeaderWords)) { [Bound] = number + 3 };
        bool hasNumbers = false;
        foreach (uint[] i in instructions)
        {
            switch (Code(i))
            {
                case OpCapability when i[1] == CapabilityNV:
                    Write(result, OpCapability, new[] { CapabilityKHR });
                    break;
                case OpExtension when Text(i) == "SPV_NV_cooperative_matrix":
                    Write(result, OpExtension, Words("SPV_KHR_cooperative_matrix"));
                    break;
                case TypeNV:
                    for (uint value = 0; value < 3 && !hasNumbers; value++)
                    {
                        Write(result, OpConstant, new[] { integer, number + value, value });
                    }

                    hasNumbers = true;
                    Write(result, TypeKHR, i.Skip(1).Concat(new[] { number + uses[i[1]] }));
                    break;
                case LoadNV:
                    Write(result, LoadKHR, WithLayout(i, 4));
                    break;
                case StoreNV:
                    Write(result, StoreKHR, WithLayout(i, 3));
                    break;
                case MulAddNV:
                    Write(result, MulAddKHR, i.Skip(1));
                    break;
                case LengthNV:
                    throw new InvalidDataException("The length of a cooperative matrix is not translated.");
                default:
                    result.AddRange(i);
                    break;
            }
        }

        return result.ToArray();

        // Stride and whether columns are contiguous become layout and stride.
        IEnumerable<uint> WithLayout(uint[] i, int stride) => i.Skip(1).Take(stride - 1)
            .Concat(new[] { number + (columns.Contains(i[stride + 1]) ? 1u : 0), i[stride] })
            .Concat(i.Skip(stride + 2));
    }

    // By type: 0, 1 and 2 as it is A, B or the sum of multiplications.
    private static Dictionary<uint, uint> FindUses(List<uint[]> instructions)
    {
        Dictionary<uint, uint> types = instructions
            .Where(i => Code(i) == OpLoad || Code(i) == LoadNV || Code(i) == MulAddNV)
            .ToDictionary(i => i[2], i => i[1]);
        var uses = new Dictionary<uint, uint>();
        foreach (uint[] i in instructions.Where(i => Code(i) == MulAddNV))
        {
            for (uint use = 0; use < 3; use++)
            {
                uint type = types[i[3 + use]];
                if (uses.TryGetValue(type, out uint other) && other != use)
                {
                    throw new InvalidDataException("A type of cooperative matrices is used as two of A, B and sum.");
                }

                uses[type] = use;
            }
        }

        return uses;
    }

    private static List<uint[]> Split(uint[] module)
    {
        var instructions = new List<uint[]>();
        for (int at = HeaderWords; at < module.Length; at += instructions[instructions.Count - 1].Length)
        {
            instructions.Add(module.Skip(at).Take((int)(module[at] >> 16)).ToArray());
        }

        return instructions;
    }

    private static uint Code(uint[] instruction) => instruction[0] & 0xffff;

    private static void Write(List<uint> module, uint code, IEnumerable<uint> operands)
    {
        uint[] words = operands.ToArray();
        module.Add(((uint)(words.Length + 1) << 16) | code);
        module.AddRange(words);
    }

    private static string Text(uint[] instruction)
    {
        byte[] bytes = new byte[(instruction.Length - 1) * sizeof(uint)];
        Buffer.BlockCopy(instruction, sizeof(uint), bytes, 0, bytes.Length);
        return Encoding.UTF8.GetString(bytes).TrimEnd('\0');
    }

    // Ends with a zero, filled up with more.
    private static uint[] Words(string text)
    {
        uint[] words = new uint[(text.Length / sizeof(uint)) + 1];
        Buffer.BlockCopy(Encoding.UTF8.GetBytes(text), 0, words, 0, text.Length);
        return words;
    }
}
